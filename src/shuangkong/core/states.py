"""Where a filing can stand and what leads from one state to the next: the one table. The service, the pages and the docs read it.

A guard is named here and held by the service: who may do it, and under which condition. The first move of a state and verb whose
guards all hold is the one that is made; two moves of one verb differ by their guard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .errors import InputError


@dataclass(frozen=True, slots=True)
class Move:
    """One line of the table."""

    state: str
    verb: str
    next: str
    guard: str


@dataclass(frozen=True)
class Machine:
    """All moves of a kind of thing, with the words of its states, verbs and guards."""

    name: str
    first: str
    moves: tuple[Move, ...]
    states: dict[str, str]
    verbs: dict[str, str]
    guards: dict[str, str]

    def sources(self, verb: str) -> tuple[str, ...]:
        """The states from which ``verb`` leads on."""
        return tuple(dict.fromkeys(move.state for move in self.moves if move.verb == verb))

    def allowed(self, state: str) -> tuple[str, ...]:
        """The verbs that the table knows for ``state``."""
        return tuple(dict.fromkeys(move.verb for move in self.moves if move.state == state))

    def moves_of(self, state: str, verb: str) -> tuple[Move, ...]:
        """The moves that ``verb`` can make from ``state``.

        Raises:
            InputError: none; says in which state it stands and from which the verb would lead on.
        """
        found = tuple(move for move in self.moves if move.state == state and move.verb == verb)
        if not found:
            sources = "、".join(self.states[source] for source in self.sources(verb))
            raise InputError(
                f"现在是“{self.states[state]}”，不能{self.verbs[verb]}",
                why=f"只有“{sources}”可以{self.verbs[verb]}",
                do="刷新页面，看最新状态",
            )
        return found

    def drawn(self) -> str:
        """The graph as Mermaid text, for the docs."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.first}"]
        lines += [f"    {state}: {word}" for state, word in self.states.items()]
        lines += [f"    {move.state} --> {move.next}: {self.verbs[move.verb]} · {self.guards[move.guard]}" for move in self.moves]
        return "\n".join(lines)

    def table(self) -> str:
        """The moves as a Markdown table, for the docs."""
        head = ["| state | verb | next | guard |", "|---|---|---|---|"]
        return "\n".join(head + [self._row(move) for move in self.moves])

    def _row(self, move: Move) -> str:
        return (
            f"| {self.states[move.state]} `{move.state}` | {self.verbs[move.verb]} `{move.verb}` "
            f"| {self.states[move.next]} `{move.next}` | {self.guards[move.guard]} `{move.guard}` |"
        )


def _moves(sources: Sequence[str], verb: str, target: str, guard: str) -> tuple[Move, ...]:
    return tuple(Move(source, verb, target, guard) for source in sources)


#: Filings: 草稿 → 已提交 → 审核中 → 退回 / 通过 → 锁定. A correction after acceptance is a filing of its own, of the next version.
FILING = Machine(
    "filing",
    "not_filed",
    (
        Move("not_filed", "save", "draft", "respondent"),
        Move("draft", "save", "draft", "respondent"),
        Move("returned", "save", "returned", "respondent"),
        *_moves(("not_filed", "draft", "returned"), "submit", "accepted", "issuer"),
        *_moves(("not_filed", "draft", "returned"), "submit", "submitted", "complete"),
        Move("submitted", "start_review", "under_review", "reviewer"),
        *_moves(("submitted", "under_review"), "return", "returned", "reviewer"),
        *_moves(("submitted", "under_review"), "accept", "submitted", "level_below"),
        *_moves(("submitted", "under_review"), "accept", "accepted", "last_level"),
        Move("accepted", "lock", "locked", "reviewer"),
        Move("locked", "unlock", "accepted", "second_person"),
    ),
    {
        "not_filed": "未报", "draft": "草稿", "submitted": "已提交", "under_review": "审核中", "returned": "退回", "accepted": "通过",
        "locked": "锁定",
    },
    {
        "save": "保存", "submit": "提交", "start_review": "开始审核", "return": "退回", "accept": "通过", "lock": "锁定", "unlock": "解锁",
    },
    {
        "respondent": "填报人", "complete": "填报人，没有须先改正的问题", "issuer": "发布单位，没有须先改正的问题",
        "reviewer": "本级审核人",
        "level_below": "下级审核人，转上一级", "last_level": "末级审核人，下级已齐", "second_person": "另一位本级审核人",
    },
)  # fmt: skip

#: A target shared out over the counties: solved as a draft, submitted by one person, published by another as targets.
DECOMPOSITION = Machine(
    "decomposition",
    "draft",
    (
        Move("draft", "save", "draft", "city"),
        Move("returned", "save", "draft", "city"),
        Move("draft", "submit", "submitted", "solved"),
        Move("submitted", "return", "returned", "second_person"),
        Move("submitted", "publish", "published", "second_person"),
        Move("published", "supersede", "superseded", "newer"),
    ),
    {"draft": "草稿", "submitted": "已提交", "returned": "退回", "published": "已发布", "superseded": "已被新版取代"},
    {"save": "保存", "submit": "提交", "return": "退回", "publish": "发布", "supersede": "取代"},
    {"city": "市级主管", "solved": "市级主管，分得下去", "second_person": "另一位市级主管", "newer": "新版发布时"},
)

#: A gap in what is measured: it stands until values come again; then until it is filled, or somebody says how the gap is to be taken.
OUTAGE = Machine(
    "outage",
    "open",
    (
        Move("open", "explain", "explained", "owner"),
        Move("explained", "explain", "explained", "owner"),
        *_moves(("open", "explained"), "restore", "restored", "platform"),
        *_moves(("open", "explained", "restored"), "fill", "closed", "platform"),
        Move("restored", "settle", "closed", "owner"),
        *_moves(("open", "explained", "restored"), "withdraw", "closed", "city"),
    ),
    {"open": "中断", "explained": "中断（已说明）", "restored": "已恢复，待补传", "closed": "已办结"},
    {"explain": "说明原因", "restore": "恢复", "fill": "补齐", "settle": "说明修复", "withdraw": "核销"},
    {"owner": "所属单位或市级主管，写明情况", "platform": "平台，见到数据", "city": "市级主管，写明理由"},
)

#: What a quality rule saw: explained by whom it concerns, settled by the city; opened anew only by a person, with a reason.
QUALITY = Machine(
    "quality",
    "open",
    (
        Move("open", "explain", "explained", "owner"),
        Move("explained", "explain", "explained", "owner"),
        *_moves(("open", "explained"), "settle", "settled", "city"),
        Move("settled", "reopen", "open", "city"),
    ),
    {"open": "待说明", "explained": "已说明", "settled": "已核实"},
    {"explain": "说明", "settle": "核实", "reopen": "重新打开"},
    {"owner": "所属单位或市级主管，写明情况", "city": "市级主管，写明理由"},
)
