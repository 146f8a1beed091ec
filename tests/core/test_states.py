"""The one table of states: every state is reached, every move has words, and the picture in the docs is this table."""

from pathlib import Path

import pytest

from shuangkong.core.errors import InputError
from shuangkong.core.states import FILING, OUTAGE, QUALITY, Machine


@pytest.mark.parametrize("machine", [FILING, OUTAGE, QUALITY], ids=lambda machine: machine.name)
def test_every_state_is_reached_and_every_word_is_used(machine: Machine) -> None:
    reached = {machine.first} | {move.next for move in machine.moves}
    assert reached == set(machine.states)
    assert {move.verb for move in machine.moves} == set(machine.verbs)
    assert {move.guard for move in machine.moves} == set(machine.guards)
    assert len({(move.state, move.verb, move.guard) for move in machine.moves}) == len(machine.moves)


def test_a_gap_ends_by_what_the_platform_sees_or_by_words() -> None:
    assert {move.guard for move in OUTAGE.moves if move.next == "closed"} == {"platform", "owner", "city"}
    assert [move.state for move in OUTAGE.moves if move.verb == "settle"] == ["restored"]
    assert OUTAGE.allowed("closed") == ()


def test_what_is_settled_opens_again_only_by_the_city() -> None:
    assert [(move.verb, move.guard) for move in QUALITY.moves if move.state == "settled"] == [("reopen", "city")]


def test_what_is_locked_leads_on_only_by_two_persons() -> None:
    assert FILING.allowed("locked") == ("unlock",)
    assert [move.guard for move in FILING.moves_of("locked", "unlock")] == ["second_person"]
    assert "save" not in FILING.allowed("accepted")


def test_a_verb_that_does_not_lead_on_names_the_states_from_which_it_would() -> None:
    with pytest.raises(InputError) as caught:
        FILING.moves_of("accepted", "submit")
    assert "现在是“通过”，不能提交" in str(caught.value)
    assert "未报、草稿、退回" in str(caught.value)
    assert FILING.sources("accept") == ("submitted", "under_review")


def test_the_picture_and_the_table_hold_every_move() -> None:
    assert FILING.drawn().count("-->") == len(FILING.moves) + 1
    assert FILING.table().count("\n") == len(FILING.moves) + 1
    assert "[*] --> not_filed" in FILING.drawn()


def test_the_docs_show_this_very_table() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "filing.md").read_text(encoding="utf-8")
    assert FILING.drawn() in text
    assert FILING.table() in text


def test_the_docs_of_quality_show_these_very_tables() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "quality.md").read_text(encoding="utf-8")
    for machine in (OUTAGE, QUALITY):
        assert machine.drawn() in text
        assert machine.table() in text
