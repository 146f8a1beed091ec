"""One folder per mistake: the tiny broken files, and in ``error.txt`` the words that the error must contain."""

from pathlib import Path

import pytest

from shuangkong.core.errors import RulebookError
from shuangkong.rulebook import Rulebook

BROKEN = Path(__file__).parent / "broken"


@pytest.mark.parametrize("folder", sorted(BROKEN.iterdir()), ids=lambda folder: folder.name)
def test_a_mistake_is_named_with_file_parameter_row_and_reason(folder: Path) -> None:
    with pytest.raises(RulebookError) as caught:
        Rulebook.load([folder])
    for words in (folder / "error.txt").read_text(encoding="utf-8").splitlines():
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"parameter": "energy.electricity_equivalent", "region": "9x"}, "地区不是 GB/T 2260 代码"),
        ({"parameter": "energy.nothing", "region": "4310"}, "没有声明过的参数"),
        ({"parameter": "energy.electricity_equivalent", "region": "4310", "row": "a"}, "行 a：缺少 value"),
    ],
)
def test_a_broken_row_of_the_law_library_is_named(row: dict[str, str], words: str) -> None:
    with pytest.raises(RulebookError) as caught:
        Rulebook.load(extra_rows=[row])
    assert words in str(caught.value)
    assert "法规库" in str(caught.value)
    assert row["parameter"] in str(caught.value)
