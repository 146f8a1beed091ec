"""The tortures in small; ``make torture`` is the long one."""

from bench.torture_series import trial_full_disk, trial_kills, trial_readers


def test_kills():
    assert "each time equal to a rebuild" in trial_kills(5)


def test_readers_beside_compaction():
    assert "each exact" in trial_readers(batches=20, rounds=25)


def test_a_full_disk():
    assert "full disk" in trial_full_disk()
