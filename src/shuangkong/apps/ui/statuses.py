"""The one vocabulary of states: class (shape and colour) and word. Never colour alone; ``severity`` orders, the word shows."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import NamedTuple

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from shuangkong.apps.ui.words import language, said_lazy
from shuangkong.apps.ui.words import said as _


class State(NamedTuple):
    """How a state is shown: the class of ``look.css`` and the word."""

    css: str
    word: object


#: Data status of a figure (``core.figures.Status``).
DATA = {
    "ok": State("st-3", said_lazy("已核定")),
    "estimated": State("st-2", said_lazy("估算")),
    "incomplete": State("st-na", said_lazy("不完整")),
    "missing": State("st-na", said_lazy("缺报")),
}
#: States of work: filings, jobs, batches, inbox items.
WORK = {
    "not_filed": State("w-todo", said_lazy("未报")),
    "draft": State("w-draft", said_lazy("草稿")),
    "submitted": State("w-sub", said_lazy("已提交")),
    "under_review": State("w-rev", said_lazy("审核中")),
    "returned": State("w-ret", said_lazy("退回")),
    "accepted": State("w-ok", said_lazy("通过")),
    "locked": State("w-lock", said_lazy("锁定")),
    "waiting": State("w-todo", said_lazy("排队")),
    "running": State("w-run", said_lazy("进行中")),
    "done": State("w-ok", said_lazy("完成")),
    "failed": State("w-stop", said_lazy("失败")),
    "cancelled": State("st-ex", said_lazy("已取消")),
    "applied": State("w-ok", said_lazy("已入账")),
    "withdrawn": State("w-ret", said_lazy("已撤回")),
    "overdue": State("w-late", said_lazy("超期")),
    "open": State("w-todo", said_lazy("待办")),
    "proposed": State("w-sub", said_lazy("待确认")),
    "published": State("w-ok", said_lazy("已发布")),
    "superseded": State("st-ex", said_lazy("已被新版取代")),
    "pending": State("w-run", said_lazy("待封存")),
    "sealed": State("w-lock", said_lazy("已封存")),
}
#: How sure a rule is (``evidence`` of a rule row); recalled and demonstration are marks, not states: see ``figures.evidence``.
EVIDENCE = {
    "text": State("st-3", said_lazy("原文")),
    "design": State("st-ex", said_lazy("平台规则")),
}
#: Severity of the national scheme, 1 the worst, and of the city scheme by completion, 1 the worst of four.
NATIONAL = {1: "st-1", 2: "st-2", 3: "st-3"}
CITY = {1: "st-1", 2: "st-2", 3: "st-w", 4: "st-3"}
#: Findings of an import or a check.
FINDING = {
    "error": State("st-1", said_lazy("错误")),
    "warning": State("st-2", said_lazy("须说明")),
    "notice": State("st-ex", said_lazy("提示")),
}

#: What a forecast says of a target; it stands beside the mark 预测, never alone.
FORECAST = {
    "forecast_reached": State("st-3", said_lazy("按预测可达到")),
    "forecast_open": State("st-w", said_lazy("按预测难判定")),
    "forecast_missed": State("st-2", said_lazy("按预测达不到")),
}

#: How a telemetry point, a gap in what it sends, and a doubt about its values stand.
TELEMETRY = {
    "point_online": State("w-ok", said_lazy("在线")),
    "point_late": State("w-run", said_lazy("迟到")),
    "point_cut": State("w-stop", said_lazy("中断")),
    "point_never": State("st-ex", said_lazy("从未上传")),
    "point_ended": State("st-ex", said_lazy("已停用")),
    "outage_open": State("w-stop", said_lazy("中断")),
    "outage_explained": State("w-run", said_lazy("中断（已说明）")),
    "outage_restored": State("w-sub", said_lazy("已恢复，待补传")),
    "outage_closed": State("w-ok", said_lazy("已办结")),
    "quality_open": State("w-todo", said_lazy("待说明")),
    "quality_explained": State("w-sub", said_lazy("已说明")),
    "quality_settled": State("w-ok", said_lazy("已核实")),
}

VOCABULARY: dict[str, State] = {
    **TELEMETRY, **FORECAST, **WORK, **DATA, **EVIDENCE, **FINDING,
    "not_rated": State("st-ex", said_lazy("不评级")),
    #: Neither published nor within the reader's reach: nothing is said about whether it is there.
    "withheld": State("st-ex", said_lazy("未公开")),
}  # fmt: skip


def tag(css: str, word: object, extra: str = "") -> SafeString:
    """A state as markup: shape, colour and word. ``extra`` adds ``pill``, ``ico`` (icon with the word for readers) or ``s12``."""
    return _tag(css, conditional_escape(word), extra)


@lru_cache(maxsize=1024)
def _tag(css: str, word: SafeString, extra: str) -> SafeString:
    classes = f"st {extra} {css}" if extra else f"st {css}"
    return mark_safe(f'<span class="{classes}">{word}</span>')


def state(code: str, word: object = "", extra: str = "") -> SafeString:
    """The state ``code`` of the vocabulary, with its own word unless ``word`` says more (缺嘉禾县8月)."""
    return tag(VOCABULARY[code].css, word, extra) if word else _plain(code, extra, language())


@lru_cache(maxsize=512)
def _plain(code: str, extra: str, language: str) -> SafeString:
    """A state with its own word in one language."""
    known = VOCABULARY[code]
    return tag(known.css, known.word, extra)


def level_class(scheme: str, severity: int | None) -> str:
    """The class of a warning level; ``scheme`` is ``warning_national`` or ``warning_city``."""
    table = CITY if scheme.endswith("city") else NATIONAL
    return table.get(severity or 0, "st-na")


def level(value: object | None, extra: str = "", prefix: object = "", short: bool = False) -> SafeString:
    """The warning level that ``value`` holds (``severity`` and ``words``); an absent one says what it is, never a colour.

    ``prefix`` names the scheme where two stand in one line (国家, 市方案); ``short`` leaves out what follows a space.
    """
    if not value:
        return state("not_rated", extra=extra)
    if not value.severity:  # type: ignore[attr-defined]
        return _without_level(value, extra, short)
    word = value.words or _("第%(n)d级") % {"n": value.severity}  # type: ignore[attr-defined]
    shown = word.partition(" ")[0] if short else word
    return tag(level_class(value.indicator.code, value.severity), f"{prefix}{shown}", extra)  # type: ignore[attr-defined]


def _without_level(value: object, extra: str, short: bool) -> SafeString:
    status: str = value.status  # type: ignore[attr-defined]
    if status in ("missing", "incomplete"):
        return state(status, extra=extra)
    return state("not_rated", word="" if short else value.words, extra=extra)  # type: ignore[attr-defined]


def urgency(severity: int, on: date | None, today: date) -> SafeString:
    """What an open item is, as an icon with its word: overdue, grave, to be explained, or simply to do."""
    if on is not None and on < today:
        return state("overdue", extra="ico")
    word = {1: _("紧要"), 2: _("须办")}.get(severity, _("待办"))
    return tag({1: "st-1", 2: "st-2"}.get(severity, "w-todo"), word, "ico")


def due(on: date | None, today: date) -> SafeString:
    """A deadline beside ``today``: 超1天 and the last day in red, the day itself before, 不限期 without one."""
    if on is None:
        return mark_safe(f'<span class="due t3">{_("不限期")}</span>')
    if on > today:
        shown = on.strftime("%m-%d") if on.year == today.year else on.isoformat()
        return mark_safe(f'<span class="due">{shown}</span>')
    words = _("今天") if on == today else _("超%(days)d天") % {"days": (today - on).days}
    return mark_safe(f'<span class="due hot">{words}</span>')
