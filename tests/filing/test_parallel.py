"""Two people at the same moment, in two real transactions: one wins, the other is told who did what.

On SQLite the tests' database lies in memory, where connections cannot wait for each other; the threads work on a copy in a file, as an
installation does.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from shuangkong.apps.desk.services.states import Outdone
from shuangkong.apps.filing.models import Filing, Round
from shuangkong.apps.filing.services import DraftConflict, accept, return_, save_draft
from shuangkong.apps.ledger.models import Batch
from shuangkong.core.periods import Period
from tests.filing.conftest import NOW
from tests.filing.kit import COUNTY, again, submitted

pytestmark = pytest.mark.django_db(transaction=True)


class Threads:
    """Runs calls in threads of their own, on one database that waits for its writers."""

    def __init__(self, folder: Path) -> None:
        self.file = ""
        if connection.vendor == "sqlite":
            self.file = str(folder / "parallel.sqlite3")
            with sqlite3.connect(self.file) as copy:
                connection.connection.backup(copy)

    def _run(self, gate: threading.Barrier, answers: list[Any], place: int, call: Callable[[], Any]) -> None:
        try:
            mine = connections["default"]
            if self.file:
                mine.settings_dict = {**mine.settings_dict, "NAME": self.file}
            mine.ensure_connection()
            gate.wait(60)
            answers[place] = call() or "done"
        except Exception as error:
            answers[place] = error
        finally:
            connections["default"].connection.close()

    def at_once(self, *calls: Callable[[], Any]) -> list[Any]:
        """The calls, let go together; what each gave or raised."""
        gate, answers = threading.Barrier(len(calls)), [None] * len(calls)
        threads = [threading.Thread(target=self._run, args=(gate, answers, place, call)) for place, call in enumerate(calls)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        return answers

    def look(self, call: Callable[[], Any]) -> Any:
        """What one call sees afterwards."""
        (answer,) = self.at_once(call)
        return answer


@pytest.mark.parametrize("month", [3, 6, 9])
def test_two_reviewers_at_the_same_moment(people: dict[str, Any], filing: Any, tmp_path: Path, month: int) -> None:
    mine = submitted(filing("county_energy_balance_quarter", "431002", Period.ytd(2026, month)), people["county"], COUNTY)
    first, second = again(mine), again(mine)
    threads = Threads(tmp_path)
    answers = threads.at_once(lambda: accept(first, people["stat"], now=NOW), lambda: return_(second, people["stat2"], "再核", now=NOW))
    lost = [answer for answer in answers if answer != "done"]
    assert len(lost) == 1, answers
    assert isinstance(lost[0], Outdone), lost
    assert "市统计局" in lost[0].why
    state = "accepted" if answers[0] == "done" else "returned"
    assert threads.look(lambda: again(mine).state) == state
    assert threads.look(lambda: Round.objects.unscoped("test").get(filing=mine).outcome) == state
    assert threads.look(lambda: str(Batch.objects.unscoped("test").count())) == str(int(state == "accepted"))


def test_two_acceptances_at_the_same_moment_make_one_batch(people: dict[str, Any], filing: Any, tmp_path: Path) -> None:
    mine = submitted(filing("county_energy_balance_quarter", "431002", Period.ytd(2026, 9)), people["county"], COUNTY)
    first, second = again(mine), again(mine)
    threads = Threads(tmp_path)
    answers = threads.at_once(lambda: accept(first, people["stat"], now=NOW), lambda: accept(second, people["stat2"], now=NOW))
    assert sorted(type(answer).__name__ for answer in answers) == ["Outdone", "str"], answers
    assert threads.look(lambda: Batch.objects.unscoped("test").count()) == 1


def test_two_saves_at_the_same_moment_lose_nothing(people: dict[str, Any], filing: Any, tmp_path: Path) -> None:
    mine, user = filing(), people["enterprise"]
    first, second, third, fourth = (again(mine) for _copy in range(4))
    threads = Threads(tmp_path)
    answers = threads.at_once(
        lambda: save_draft(first, {"consumption.coke.consumed": "1"}, 0, user, now=NOW),
        lambda: save_draft(second, {"consumption.diesel.consumed": "2"}, 0, user, now=NOW),
    )
    assert all(isinstance(answer, Filing) for answer in answers), answers
    assert threads.look(lambda: again(mine).draft) == {"consumption.coke.consumed": "1", "consumption.diesel.consumed": "2"}
    answers = threads.at_once(
        lambda: save_draft(third, {"consumption.lng.consumed": "3"}, 0, user, now=NOW),
        lambda: save_draft(fourth, {"consumption.lng.consumed": "4"}, 0, user, now=NOW),
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["DraftConflict", "Filing"], answers
    (conflict,) = (answer for answer in answers if isinstance(answer, DraftConflict))
    assert conflict.theirs["consumption.lng.consumed"][1] == threads.look(lambda: again(mine).draft["consumption.lng.consumed"])
