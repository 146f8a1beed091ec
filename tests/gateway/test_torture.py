"""The tortures in small; ``make torture`` is the long one."""

from bench.torture_gateway import trial_abuse, trial_crowd, trial_full_disk, trial_kills


def test_kills():
    assert "0 lost, 0 twice" in trial_kills(kills=2, frames=400, loggers_count=10)


def test_a_full_disk():
    assert "recovery by itself" in trial_full_disk(use_mount=False)


def test_a_crowd():
    assert "MiB" in trial_crowd(idle=200, busy=20, seconds=1.0)


def test_abuse():
    # the abusers share this test's processor; the long torture has the tight limits
    assert "keep" in trial_abuse(connections=20, seconds=0.6, repetitions=3, least_rate=0.2, most_tail=10)
