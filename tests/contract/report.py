"""Plays every recording, sorts what differs, and writes what was found.

python -m tests.contract.report            prints the report and writes docs/{replay,compatibility,rights,checks}.md
python -m tests.contract.report --shrink   also drops the lines of missing.txt that nothing needs any more
python -m tests.contract.report --accept   also puts in what differs and is in neither list: for beginnings only
"""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.contract import checks_page, cloud_shell_page, compatibility, golden, rights_page
from tests.contract.playing import Played, play_all
from tests.contract.replay import Difference

PAGE = Path(__file__).resolve().parents[2] / "docs/replay.md"


# --- the page --------------------------------------------------------------------------------------------------------


def page(played: list[Played]) -> str:
    """docs/replay.md."""
    found = golden.sort(each for it in played for each in it.differences)
    purposely, missing = _by_recording(found.deliberate), _by_recording([*found.missing, *found.new])
    rows = [
        f"| `{it.name}` | {it.recorded} | {sum(it.out.values()) or ''} | {it.compared} "
        f"| {purposely[it.name] or ''} | {missing[it.name] or ''} |"
        for it in played
    ]
    totals = (
        f"| **all** | {sum(it.recorded for it in played)} | {sum(sum(it.out.values()) for it in played)} "
        f"| {sum(it.compared for it in played)} | {len(found.deliberate)} | {len(found.missing) + len(found.new)} |"
    )
    reasons = Counter(golden.deliberate()[golden.rule_of(each)] for each in found.deliberate)
    return HEAD + "\n".join(
        [
            "| recording | exchanges | out of scope | compared | on purpose | missing |",
            "| --- | ---: | ---: | ---: | ---: | ---: |",
            *rows,
            totals,
            "",
            "## On purpose",
            "",
            "| reason | rules | times |",
            "| --- | ---: | ---: |",
            *_reasons(reasons),
            "",
            "## Missing",
            "",
            *([f"- `{each}`" for each in (*found.missing, *found.new)] or ["Nothing."]),
            "",
        ]
    )


HEAD = """# Azure's recorded answers against calco's

Written by `make compatibility`; do not edit.

Every recording is asked again of the service, over simulated machines, and each answer is compared with Azure's:
status, names of headers, members of the body, values (but for those a service chooses itself: names it makes up,
moments, addresses, sentences), error codes. Recordings that hold their requests are played from the first to the last,
in the order of their dates, each with the version its day can have known; there every id has to be Azure's.
For the others (`xplat-`, `java-`, `c7n-`) the state they need is built, and the requests are read off the answers.
Out of scope are galleries, load balancers, scale sets and proximity placement groups, and by rule
whatever names one or depends on what does. `tests/contract/deliberate.txt` and `tests/contract/missing.txt` are the
two lists; `tests/contract/test_recordings.py` holds that nothing differs that is in neither, and that both only shrink.

"""


def _by_recording(differences: Iterable[Difference]) -> Counter[str]:
    return Counter(each.exchange.recording for each in differences)


def _reasons(times: Counter[str]) -> list[str]:
    rules = Counter(golden.deliberate().values())
    return [
        f"| {reason} | {rules[reason]} | {times[reason]} |" for reason in dict.fromkeys(golden.deliberate().values())
    ]


def main(arguments: list[str]) -> None:
    played = play_all()
    found = golden.sort(each for it in played for each in it.differences)
    if {"--shrink", "--accept"} & set(arguments):
        kept = [*found.missing, *(found.new if "--accept" in arguments else [])]
        order = {str(each): at for at, each in enumerate(each for it in played for each in it.differences)}
        golden.MISSING.write_text("".join(f"{line}\n" for line in sorted(map(str, kept), key=order.__getitem__)))
    golden.deliberate.cache_clear()
    text = page(played)
    PAGE.write_text(text)
    compatibility.PAGE.write_text(compatibility.page(played))
    rights_page.PAGE.write_text(rights_page.page())
    checks_page.PAGE.write_text(checks_page.page())
    cloud_shell_page.PAGE.write_text(cloud_shell_page.page())
    print(text)
    for title, lines in (
        ("in neither list", map(str, found.new)),
        ("rules that nothing needs", found.unused_rules),
        ("missing lines that nothing needs", found.unused_lines),
    ):
        for line in lines:
            print(f"{title}: {line}")


if __name__ == "__main__":
    main(sys.argv[1:])
