"""Stays behind the hand-over: parses batches as they come, folds tails, starts merges in a process of their own, deletes what is dead.

A step never waits for a merge: a value is in the table within two seconds of its acknowledgement, whatever is being merged.
"""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable, Sequence
from subprocess import Popen

from shuangkong.series import compaction
from shuangkong.series.store import Readings


class Follower:
    """The steps of one store.  ``merge_command`` runs a merge of what is due; ``announce`` says what an operator should hear."""

    def __init__(self, store: Readings, merge_command: Sequence[str], announce: Callable[[str], None]) -> None:
        self._store, self._command, self._announce = store, merge_command, announce
        self._merge: Popen[bytes] | None = None
        self._failing = ""

    def step(self) -> bool:
        """Does the next thing there is to do; whether there was one.  A full disk is told once and tried again."""
        try:
            self._look_after_merge()
            done = bool(self._store.parse_next()) or self._fold()
        except (OSError, sqlite3.Error) as error:
            if str(error) != self._failing:
                self._failing = str(error)
                self._announce(f"读数入表暂停，稍后自动重试：{error}")
            return False
        if self._failing:
            self._failing = ""
            self._announce("读数入表已恢复")
        return done

    def _fold(self) -> bool:
        folded = self._store.fold()
        if folded:
            self._store.sweep()
        return folded

    @property
    def is_failing(self) -> bool:
        """Whether the last step failed."""
        return bool(self._failing)

    def close(self) -> None:
        """Stops a merge that runs: what it did is thrown away, the table stays as it is."""
        if self._merge is not None:
            self._merge.kill()
            self._merge.wait()
            self._merge = None

    def _look_after_merge(self) -> None:
        if self._merge is not None:
            code = self._merge.poll()
            if code is None:
                return
            self._merge = None
            if code:
                self._announce(f"读数文件合并失败（{code}），稍后重试")
            else:
                self._store.sweep()
        elif compaction.due(self._store.catalogue.files(), self._store.parsed):
            self._merge = subprocess.Popen(self._command)
