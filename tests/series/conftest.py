"""One cluster of Apache Spark for all tests that ask for it."""

from collections.abc import Iterator

import pytest

from tests import spark as machines


@pytest.fixture(scope="session")
def cluster() -> Iterator[machines.Cluster]:
    """A master and two workers; this process is a driver of them."""
    if (reason := machines.missing()) is not None:
        pytest.skip(reason)
    from shuangkong.series import spark

    with machines.cluster() as running, pytest.MonkeyPatch.context() as patch:
        for name, value in running.environment().items():
            patch.setenv(name, value)
        # a machine that does much else starts a worker's processes late
        patch.setattr(spark, "WORKERS_WAIT_S", 600.0)
        yield running
        spark.Spark(running.url).session.stop()
