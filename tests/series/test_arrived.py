"""What came with later batches, as it came."""

from shuangkong.series.reading import Reader
from shuangkong.series.schema import source_of
from shuangkong.series.store import Readings
from tests.series.kit import reading, table


def test_only_what_came_with_later_batches_is_given_also_after_a_merge(tmp_path):
    rows = [[reading(minute=n, source=source_of(n, 1))] for n in (1, 2, 3)]
    with Readings(tmp_path) as readings:
        for batch, content in enumerate(rows, 1):
            readings.append(table(content), batch)
        readings.append(table([reading(minute=1, received=9, source=source_of(4, 1))]), 4)
        assert minutes(tmp_path, 0) == [1, 1, 2, 3]
        assert minutes(tmp_path, 2) == [1, 3]
        readings.compact(everything=True)
        # the first value came again with batch 4
        assert minutes(tmp_path, 2) == [1, 3]
        assert minutes(tmp_path, 4) == []


def minutes(root, after):
    with Reader(root) as reader:
        return sorted(time.minute for time in reader.arrow(reader.arrived(after))["time"].to_pylist())
