"""The page on limits says what the table says."""

import re
from pathlib import Path

from calco.model.bucket import BUCKETS

PAGE = Path(__file__).parents[2] / "docs/limits.md"


def test_the_page_names_every_bucket_with_its_size_and_time_in_order() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+) s \| ", PAGE.read_text(), re.MULTILINE)

    assert rows == [(each.name, str(each.size), f"{each.seconds:g}") for each in BUCKETS.values()]
