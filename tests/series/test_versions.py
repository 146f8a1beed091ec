"""The rule of versions: whatever came, in whatever pieces, folded or merged in between, the table is the same."""

import math
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuangkong.series.schema import QUALITY
from shuangkong.series.store import Readings
from tests.series.kit import contents, engine, everything, expected, reading, table


def fill(root, pieces, after_each=None):
    with Readings(root) as store:
        for number, rows in enumerate(pieces, 1):
            store.append(table(rows), number)
            if after_each is not None:
                after_each(store)
        if after_each is not None:
            store.compact(everything=True, engine=engine())


def test_a_repeat_is_counted_and_a_correction_prevails(tmp_path):
    rows = [reading(value=1.0, received=1, source=1), reading(value=1.0, received=4, source=2), reading(value=2.0, received=2, source=3)]
    fill(tmp_path, [[row] for row in rows])
    (now,) = contents(tmp_path)
    assert (now["value"], now["source"], now["quality"]) == (1.0, 1, QUALITY["repeated"] | QUALITY["corrected"]), (
        "received last, though another came between"
    )
    assert everything(tmp_path) == expected(rows)


def test_of_two_received_at_once_the_greater_source_prevails(tmp_path):
    fill(tmp_path, [[reading(value=2.0, source=8)], [reading(value=1.0, source=7)]])
    assert [row["value"] for row in contents(tmp_path)] == [2.0]


def test_another_flag_is_a_correction(tmp_path):
    fill(tmp_path, [[reading(flag="N", source=1)], [reading(flag="D", source=2)]])
    assert [(row["flag"], row["quality"]) for row in contents(tmp_path)] == [("D", QUALITY["corrected"])]


def test_a_value_that_is_called_invalid_afterwards_is_a_correction(tmp_path):
    rows = [reading(received=1, source=1), reading(received=2, source=2, quality=QUALITY["invalid"])]
    fill(tmp_path, [[row] for row in rows])
    assert [row["quality"] for row in contents(tmp_path)] == [QUALITY["invalid"] | QUALITY["corrected"]]
    again = reading(received=3, source=3)
    with Readings(tmp_path) as store:
        store.append(table([again]), 3)
    assert [row["quality"] for row in contents(tmp_path)] == [QUALITY["repeated"] | QUALITY["corrected"]]
    assert everything(tmp_path) == expected([*rows, again])


def test_no_number_is_null_and_minus_zero_is_zero(tmp_path):
    rows = [reading(minute=n, value=value) for n, value in enumerate((math.nan, math.inf, -math.inf, -0.0, None))]
    fill(tmp_path, [rows])
    found = [row["value"] for row in contents(tmp_path)]
    assert found == [None, None, None, 0.0, None] and math.copysign(1, found[3]) == 1


_ROWS = st.lists(
    st.tuples(st.integers(1, 2), st.integers(0, 2), st.sampled_from([1.0, 2.0, None]), st.sampled_from(["N", "D"]), st.integers(0, 3)),
    min_size=1, max_size=14,
)  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(_ROWS, st.randoms(use_true_random=False))
def test_the_order_and_the_pieces_do_not_matter(drawn, chance):
    rows = [reading(point, minute, value, received, source, flag) for source, (point, minute, value, flag, received) in enumerate(drawn, 1)]
    wanted = expected(rows)
    for after_each in (None, lambda store: store.compact(everything=True, engine=engine())):
        chance.shuffle(rows)
        cut = chance.randint(0, len(rows))
        with tempfile.TemporaryDirectory() as root:
            fill(Path(root), [piece for piece in (rows[:cut], rows[cut:]) if piece], after_each)
            assert everything(Path(root)) == wanted
            assert len(contents(Path(root))) == len({row[:3] for row in rows})


@pytest.mark.parametrize("seed", range(3))
def test_tails_folds_and_merges_give_one_table(tmp_path, seed):
    chance = random.Random(seed)
    pieces = []
    for batch in range(1, 61):
        rows = []
        for index in range(chance.randint(0, 6)):
            day = chance.choice((0, 0, 0, -20, -45))
            rows.append(
                reading(chance.randint(1, 3), chance.randint(0, 3), float(chance.randint(1, 3)), batch, batch * 65536 + index, day=day)
            )
        pieces.append(rows)

    def now_and_then(store):
        if chance.random() < 0.5:
            store.fold()
        if chance.random() < 0.1:
            store.compact(everything=True, engine=engine())
        if chance.random() < 0.3:
            store.sweep()

    fill(tmp_path, pieces, now_and_then)
    assert everything(tmp_path) == expected([row for rows in pieces for row in rows])
