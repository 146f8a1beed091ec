"""The cases and frames that the tests of this room share."""

from functools import cache
from pathlib import Path

import yaml

from shuangkong.hj212.writing import hull

CASES = Path(__file__).parent / "cases"


@cache
def standard_cases():
    """The standard's own examples."""
    return yaml.safe_load((CASES / "standard.yaml").read_text("utf-8"))


def good_frames():
    """The standard's good frames with CR LF."""
    return [case["frame"].encode() + b"\r\n" for case in standard_cases() if not case.get("misprint")]


def deviations():
    """Frames that deviate: their cases and bytes."""
    cases = yaml.safe_load((CASES / "deviations.yaml").read_text("utf-8"))
    return [(case, hull(case["segment"].encode())) for case in cases]


def events_of(reader):
    """All events that are ready."""
    from shuangkong.hj212 import NEED_DATA

    found = []
    while (event := reader.next_event()) is not NEED_DATA:
        found.append(event)
    return found
