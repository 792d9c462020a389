"""``python -m bench``: measure, print the table, keep it in docs/benchmarks.md."""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from bench import answers, blobs, capture, clones, guests, images, inspection, service, vhds
from bench.host import describe
from bench.report import Report, Row, keep, table

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
GIB = 1 << 30


def main(words: Sequence[str]) -> int:
    """Exit status: 0 when all that is promised was kept, 1 when not."""
    asked = _parser().parse_args(words)
    with ExitStack() as ours:
        folder = Path(tempfile.mkdtemp(prefix="calco-bench-", dir=asked.folder))
        ours.callback(shutil.rmtree, folder, ignore_errors=True)
        machine, notes, rows = describe(folder), list[str](), list[Row]()
        # First, while the machine is as quiet as it was found; last in the table.
        disk = folder / "looked-at.qcow2"
        boots = _guest_rows(asked, folder, disk, notes)
        sizes = _sizes_that_fit(asked.sizes, folder, notes)
        _say(f"captures of {', '.join(map(str, sizes))} GiB; the data is written first, which takes a while")
        with service.running(folder / "captures", "simulated") as running:
            rows += capture.rows(capture.measure(running, sizes, asked.captures))
        shutil.rmtree(folder / "captures")
        sizes = _sizes_that_fit(asked.sizes, folder, notes, times=2)
        _say(f"images from disks, snapshots and blobs of {', '.join(map(str, sizes))} GiB")
        with service.running(folder / "images", "simulated") as running:
            rows += images.rows(images.measure(running, sizes, asked.images))
        shutil.rmtree(folder / "images")
        _say("a VHD brought in and taken out, beside Azurite")
        with service.running(folder / "blobs", "simulated") as running:
            rows += blobs.rows(blobs.measure(running, folder, asked.moves))
        shutil.rmtree(folder / "blobs")
        _say("a disk as a VHD and back, beside qemu-img")
        rows += vhds.rows(vhds.measure(folder / "vhds", min(asked.sizes), asked.vhds))
        shutil.rmtree(folder / "vhds")
        _say("answers beside moto's: starting, one image, a list of them")
        rows += answers.rows(answers.measure(folder, asked.gets, asked.lists, asked.starts))
        _say(f"{' and '.join(map(str, asked.clones))} machines from one image at once")
        with service.running(folder / "clones", "simulated") as running:
            rows += clones.rows(clones.measure(running, asked.clones, asked.floods))
        _say("looks at a Linux disk, beside virt-inspector")
        rows += inspection.rows(_looks(asked, disk, notes))
        rows += boots
        report = Report(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", machine, rows, notes)
    _print(table(rows))
    for note in notes:
        _print(f"- {note}")
    if not asked.no_write:
        keep(report, DOCUMENT)
        _say(f"kept in {DOCUMENT}")
    return 1 if any(row.kept is False for row in rows) else 0


def _guest_rows(asked: argparse.Namespace, folder: Path, disk: Path, notes: list[str]) -> list[Row]:
    """Leaves the disk of one of the guests in ``disk``, if there were any."""
    if asked.no_guests:
        notes.append("Guests were not timed (`--no-guests`).")
        return []
    reason = guests.why_not()
    if reason is not None:
        notes.append(f"Guests were not timed: {reason}, and a boot that shares its cores says nothing.")
        return []
    _say(f"{asked.boots} guests by calco and {asked.boots} by plain QEMU, in turns")
    with service.running(folder / "guests", "qemu") as running:
        measured = guests.measure(running, asked.boots)
        inspection.disk_of_a_machine(running, disk)
        return list(guests.rows(measured))


def _looks(asked: argparse.Namespace, disk: Path, notes: list[str]) -> inspection.Measured:
    if disk.exists():
        return inspection.measure(disk, "the disk of a Linux machine", asked.looks, asked.peer_looks)
    inspection.base_disk(disk)
    notes.append("What was looked at is the base image, which no machine has run on.")
    return inspection.measure(disk, "the disk of a Linux image", asked.looks, asked.peer_looks)


def _sizes_that_fit(sizes: Sequence[int], folder: Path, notes: list[str], times: int = 1) -> list[int]:
    """All disks exist at once, each ``times``, beside a copy of the largest if there is room for that too."""
    free = shutil.disk_usage(folder).free - capture.SPARE_BYTES
    fitting = [size for size in sorted(sizes) if sum(each for each in sizes if each <= size) * times * GIB < free]
    if len(fitting) < len(sizes):
        notes.append(f"No room on this disk for {', '.join(f'{each} GiB' for each in set(sizes) - set(fitting))}.")
    if not fitting:
        raise SystemExit(f"not even {min(sizes)} GiB fit into {folder}; choose another --folder")
    return fitting


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=main.__doc__)
    parser.add_argument("--sizes", type=_numbers, default=[1, 4, 16], help="GiB of data on captured disks: 1,4,16")
    parser.add_argument("--captures", type=int, default=50, help="captures of each size: 50")
    parser.add_argument("--images", type=int, default=30, help="images of each source and size: 30")
    parser.add_argument("--moves", type=int, default=5, help="uploads and downloads of each kind: 5")
    parser.add_argument("--vhds", type=int, default=5, help="exports and imports of each side: 5")
    parser.add_argument("--clones", type=_numbers, default=[20, 100], help="machines from one image at once: 20,100")
    parser.add_argument("--floods", type=int, default=3, help="how often that many at once: 3")
    parser.add_argument("--gets", type=int, default=500, help="GETs of one image: 500")
    parser.add_argument("--lists", type=int, default=20, help="lists of 1,000 images: 20")
    parser.add_argument("--starts", type=int, default=5, help="starts of each side: 5")
    parser.add_argument("--looks", type=int, default=10, help="looks at a disk: 10")
    parser.add_argument("--peer-looks", type=int, default=3, help="runs of virt-inspector: 3")
    parser.add_argument("--boots", type=int, default=2, help="guests of each side: 2")
    parser.add_argument("--no-guests", action="store_true", help="boot no guest")
    parser.add_argument("--no-write", action="store_true", help="print only, leave docs/benchmarks.md alone")
    parser.add_argument("--folder", type=Path, help="where data lies while it is measured: the temporary directory")
    return parser


def _numbers(text: str) -> list[int]:
    return [int(each) for each in text.split(",")]


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def _print(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
