"""What the benches of accounts compare with does its work, and both sides say the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from bench import series
from shuangkong.core.metering import MeterKind

METERS = 5
SCALE = 40 * 1e-4


@pytest.mark.parametrize("kind", list(MeterKind))
def test_both_sides_give_every_enterprise_and_month(tmp_path: Path, kind: MeterKind):
    spans = series.months()
    assert series.fill(tmp_path, METERS, spans, kind) == METERS * 365 * 96
    used = [series.values(METERS, int((span.end - span.start).total_seconds()) // 900, 100_000 * n) for n, span in enumerate(spans)]
    plain = series.Plain(tmp_path, METERS, kind)
    reference = {(enterprise, f"{month:%Y-%m}"): (quantity, tce) for enterprise, month, quantity, tce in plain.rows()}
    plain.close()
    ours = {(amount.owner, amount.span.code): amount for amount in series.accounts(tmp_path, METERS, kind)}
    assert len(reference) == len(ours) == 24
    for number, span in enumerate(spans):
        for enterprise, first, last in (("E00000", 0, 3), ("E00001", 3, 5)):
            expected = used[number][first:last].sum() * SCALE
            if kind is MeterKind.REGISTER and number == 11:
                expected -= used[number][first:last, -1].sum() * SCALE  # nobody has read the register behind the last quarter hour
            quantity, tce = reference[enterprise, span.code]
            amount = ours[enterprise, span.code]
            assert (quantity, tce) == (pytest.approx(expected), pytest.approx(expected * 1.229))
            assert (amount.quantity, amount.energy_tce) == (pytest.approx(expected), pytest.approx(expected * 1.229))
            assert amount.equivalent_tce == pytest.approx(expected * (2.95 if number < 6 else 2.9))
            assert amount.is_complete is (kind is MeterKind.INTERVAL or number < 11)


@pytest.mark.parametrize("kind", list(MeterKind))
def test_both_sides_write_every_hour(tmp_path: Path, kind: MeterKind):
    series.fill(tmp_path, METERS, series.thirty_days(), kind)
    assert series.hourly(tmp_path, METERS, kind) == ["2026-09"]
    (written,) = (tmp_path / "series" / "hours").glob("*.parquet")
    ours = pq.read_table(written).sort_by([("point", "ascending"), ("start_s", "ascending")])
    plain = series.Plain(tmp_path, METERS, kind)
    plain.hourly(tmp_path / "plain.parquet")
    plain.close()
    reference = pq.read_table(tmp_path / "plain.parquet").sort_by([("point", "ascending"), ("hour", "ascending")])
    assert len(ours) == len(reference) == METERS * 720
    used = series.values(METERS, 2880, 0).reshape(METERS, 720, 4)
    if kind is MeterKind.REGISTER:
        used[:, -1, -1] = 0
    assert np.allclose(reference["quantity"].to_numpy(), used.sum(axis=2).reshape(-1))
    assert np.allclose(ours["quantity"].to_numpy(), used.sum(axis=2).reshape(-1) * SCALE)
    assert np.allclose(ours["energy_tce"].to_numpy(), ours["quantity"].to_numpy() * 1.229)
    assert np.allclose(ours["co2_t"].to_numpy(), ours["quantity"].to_numpy() * 5.1)


def test_the_child_measures_its_time_and_memory(tmp_path: Path):
    series.fill(tmp_path, 2, series.months())
    found = series._measured(tmp_path, 2)
    assert found["s"] > 0
    assert 20 < found["mb"] < 1000
