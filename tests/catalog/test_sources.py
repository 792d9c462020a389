"""Which of this machine's apt sources are Debian's own."""

from pathlib import Path

import pytest

from calco.catalog.progress import BuildFailed
from calco.catalog.sources import for_the_guest, machine_sources, signed

STANZAS = """\
# a comment
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: bookworm
Components: main

Types: deb
URIs: http://vendor.example/linux/debian
Suites: bookworm
Components: stable

Types: deb-src
URIs: http://source.example/debian
Suites: bookworm
Components: main
"""
LINES = """\
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main  non-free-firmware # ours
# deb http://commented.example/debian bookworm main
deb http://vendor.example/ubuntu bookworm stable
deb http://mirror.example/debian trixie main
"""


def apt(folder: Path, **files: str) -> Path:
    (folder / "sources.list.d").mkdir()
    for name, text in files.items():
        place = folder / "sources.list" if name == "list" else folder / "sources.list.d" / name.replace("_", ".")
        place.write_text(text)
    return folder


def test_stanzas_become_one_line_each_for_the_release_its_updates_and_its_security(tmp_path: Path) -> None:
    found = machine_sources("bookworm", apt(tmp_path, debian_sources=STANZAS))

    key = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
    assert found == [
        f"deb {key}http://mirror.example/debian bookworm main",
        f"deb {key}http://mirror.example/debian bookworm-updates main",
        "deb http://mirror.example/debian-security bookworm-security main contrib",
    ]


def test_lines_are_taken_without_comments_vendors_and_other_releases(tmp_path: Path) -> None:
    assert machine_sources("bookworm", apt(tmp_path, list=LINES)) == [
        "deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main non-free-firmware"
    ]


def test_a_file_apt_does_not_read_is_not_read_here(tmp_path: Path) -> None:
    apt(tmp_path, list=LINES, debian_sources_disabled=STANZAS)

    assert len(machine_sources("bookworm", tmp_path)) == 1


def test_a_machine_without_debian_sources_is_told_how_to_name_one(tmp_path: Path) -> None:
    apt(tmp_path, list="deb http://archive.example/ubuntu noble main\n")

    with pytest.raises(BuildFailed, match=r"no source of Debian bookworm.*deb URI bookworm main"):
        machine_sources("bookworm", tmp_path)


def test_updates_alone_are_no_source_of_the_release(tmp_path: Path) -> None:
    apt(tmp_path, list="deb http://mirror.example/debian bookworm-updates main\n")

    with pytest.raises(BuildFailed):
        machine_sources("bookworm", tmp_path)


def test_a_source_without_a_key_is_checked_with_debians_own(tmp_path: Path) -> None:
    ring = tmp_path / "ring.gpg"
    ring.touch()

    assert signed(
        ["deb http://a.example/ x main", "deb [arch=amd64] http://b.example/ x main", "deb [signed-by=/k] c x main"],
        ring,
    ) == [
        f"deb [signed-by={ring}] http://a.example/ x main",
        f"deb [signed-by={ring} arch=amd64] http://b.example/ x main",
        "deb [signed-by=/k] c x main",
    ]


def test_a_password_of_this_machine_never_reaches_the_image() -> None:
    line = for_the_guest("deb [signed-by=/home/me/key trusted=yes] https://me:secret@mirror.example/debian x main")

    assert line == "deb https://mirror.example/debian x main"
