"""Writes of indicators: the catalogue, the publication of a run, disclosure. Verbs first; each in its transaction with its audit entry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import connection, transaction

from shuangkong import __version__
from shuangkong.apps.audit.services import record
from shuangkong.apps.indicators.catalogue import ENTRIES, columns
from shuangkong.apps.indicators.drafts import CONTENT, KEY_COLUMNS, NO_LINES, Draft
from shuangkong.apps.indicators.models import Computed, CurrentValue, DisclosedValue, Disclosure, Indicator, Run, Value
from shuangkong.apps.indicators.proof import root_of, value_line
from shuangkong.apps.indicators.sections import Sections, newest_run, outside_kept
from shuangkong.core.errors import InputError
from shuangkong.core.figures import Status

#: Rows of one write transaction: a longer one would hold up every other writer.
CHUNK = 2000
_WITHDRAWN = "withdrawn"


class Outdated(Exception):
    """Another run was published while this one was computed or written: it has to be computed again."""


class Known(NamedTuple):
    """What a computation rested on."""

    known_on: date
    rulebook_sm3: str
    had_at: datetime | None = None


def load_catalogue() -> int:
    """Make or bring up to date the indicators of the catalogue. Returns their number."""
    with transaction.atomic():
        for entry in ENTRIES:
            Indicator.objects.update_or_create(code=entry.code, defaults=columns(entry))
    return len(ENTRIES)


def publish(
    drafts: Sequence[Draft], known: Known, *, now: datetime, actor: Any = None, reason: str = "", sections: Sections | None = None
) -> Run | None:  # fmt: skip
    """Write the values that differ from the current ones as a run, then make them current in one transaction with the audit entry.

    A current value whose key is not among ``drafts`` gets a value that says 缺报, unless it belongs to a section that was kept.
    Returns None when nothing changed: no value is written, only that it was computed.

    Raises:
        Outdated: another run was published since ``sections`` were compared, or while this one was written.
    """
    sections = sections or Sections(base=newest_run())
    changed = _changed(drafts, sections)
    if not changed:
        with transaction.atomic():
            if newest_run() != sections.base:
                raise Outdated
            _remember(sections, sections.base)
        return None
    run = _write(changed, known, kind="live", actor=actor, reason=reason, computed=len(drafts))
    _make_current(run, sections, now, actor, changed)
    return run


def _remember(sections: Sections, run_id: int | None) -> None:
    """That everything was computed, and what it rested on."""
    Computed.objects.all().delete()
    Computed.objects.create(run_id=run_id, sections=sections.now, figures=sections.figures)


def store_known_on(drafts: Sequence[Draft], known: Known, *, now: datetime, actor: Any = None) -> Run:
    """Write all values as known on a day, as a run that is never published."""
    run = _write(drafts, known, kind="known_on", actor=actor, reason="按某日所知", computed=len(drafts))
    Run.objects.filter(pk=run.pk).update(finished_at=now)
    run.finished_at = now
    return run


def _changed(drafts: Sequence[Draft], sections: Sections) -> list[Draft]:
    current = _current_contents(sections)
    changed = []
    for draft in drafts:
        if current.pop(draft[0], None) != draft[len(KEY_COLUMNS) :]:
            changed.append(draft)
    return changed + _withdrawn(current)


def _current_contents(sections: Sections) -> dict[str, tuple[Any, ...]]:
    """What is current, without the values of kept sections, by key."""
    columns = ", ".join(f"v.{connection.ops.quote_name(name)}" for name in ("key", *CONTENT))
    where = f" WHERE {outside_kept(sections)}" if sections.keeps else ""
    statement = f"SELECT {columns} FROM {Value._meta.db_table} v JOIN {CurrentValue._meta.db_table} c ON c.value_id = v.id{where}"
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return {row[0]: row[1:] for row in cursor.fetchall()}


def _withdrawn(left: dict[str, tuple[Any, ...]]) -> list[Draft]:
    gone = [key for key, content in left.items() if content[CONTENT.index("calculation")] != _WITHDRAWN]
    drafts = []
    nothing = (None, "", None, Status.MISSING.value, False, False, False, _WITHDRAWN, "原有数据已撤回", "", None, "[]", None, NO_LINES)
    for start in range(0, len(gone), CHUNK // 4):
        values = Value.objects.unscoped("a run withdraws what is no longer there").filter(current__key__in=gone[start : start + CHUNK // 4])
        for row in values.values_list(*KEY_COLUMNS):
            drafts.append(Draft(*row, *nothing))
    return drafts


def _write(drafts: Sequence[Draft], known: Known, *, kind: str, actor: Any, reason: str, computed: int) -> Run:
    run = Run.objects.create(
        kind=kind, known_on=known.known_on, had_at=known.had_at, rulebook_sm3=known.rulebook_sm3, code_version=__version__, actor=actor,
        reason=reason[:200], computed=computed, replaced=len(drafts), root=root_of(map(value_line, drafts)),
    )  # fmt: skip
    drafts = sorted(drafts, key=itemgetter(0))  # by key: the index grows at its end
    insert = _copy if connection.vendor == "postgresql" else _insert
    for start in range(0, len(drafts), CHUNK):
        with transaction.atomic(), connection.cursor() as cursor:
            insert(cursor, run.pk, drafts[start : start + CHUNK])
    return run


_COLUMNS = ("run_id", *KEY_COLUMNS, *CONTENT)


def _named() -> str:
    return f"{Value._meta.db_table} ({', '.join(connection.ops.quote_name(name) for name in _COLUMNS)})"


def _copy(cursor: Any, run_id: int, drafts: Sequence[Draft]) -> None:
    """PostgreSQL takes rows fastest as a stream."""
    with cursor.copy(f"COPY {_named()} FROM STDIN") as stream:
        for draft in drafts:
            stream.write_row((run_id, *draft))


def _insert(cursor: Any, run_id: int, drafts: Sequence[Draft]) -> None:
    adapt = _adapter()
    marks = ", ".join(["%s"] * len(_COLUMNS))
    cursor.executemany(f"INSERT INTO {_named()} VALUES ({marks})", [(run_id, *adapt(draft)) for draft in drafts])


def _adapter() -> Any:
    """How a draft becomes SQLite's parameters: it knows no dates."""
    start, end = KEY_COLUMNS.index("period_start"), KEY_COLUMNS.index("period_end")
    texts: dict[date, str] = {}

    def adapt(draft: Draft) -> tuple[Any, ...]:
        for day in (draft[start], draft[end]):
            if day not in texts:
                texts[day] = day.isoformat()
        return (*draft[:start], texts[draft[start]], texts[draft[end]], *draft[end + 1 :])

    return adapt


def _make_current(run: Run, sections: Sections, now: datetime, actor: Any, changed: Sequence[Draft]) -> None:
    value, pointer, base = Value._meta.db_table, CurrentValue._meta.db_table, sections.base
    with transaction.atomic():
        if base is not None:
            list(Run.objects.select_for_update().filter(pk=base))
        if newest_run() != base:
            raise Outdated
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {pointer} (key, value_id) SELECT key, id FROM {value} WHERE run_id = %s "
                "ON CONFLICT (key) DO UPDATE SET value_id = excluded.value_id",
                [run.pk],
            )
        Run.objects.filter(pk=run.pk).update(finished_at=now, published_at=now)
        run.finished_at = run.published_at = now
        _remember(sections, run.pk)
        record("indicators.run.published", run, actor=actor, before={"run": base}, after=_entry(run, changed), origin=run.reason)


def _entry(run: Run, changed: Sequence[Draft]) -> dict[str, Any]:
    return {
        "root": run.root, "values": len(changed), "computed": run.computed, "known_on": run.known_on, "rulebook_sm3": run.rulebook_sm3,
        "code_version": run.code_version,
    }  # fmt: skip


def disclose(run: Run | None, values: Any, *, reason: str, document: str, actor: Any = None) -> Disclosure:
    """Open values to all who sign in, by a recorded decision: ``values`` are conditions on current values (a dict or a Q).

    With a ``run`` only values that it wrote. Values already open stay as they are.

    Raises:
        InputError: no reason, no such value, or one that is not complete (an incomplete figure is never opened).
    """
    if not reason:
        raise InputError("公开指标值须写明理由")
    chosen = Value.objects.unscoped("a decision opens values").filter(current__isnull=False)
    chosen = chosen.filter(**values) if isinstance(values, dict) else chosen.filter(values)
    if run is not None:
        chosen = chosen.filter(run=run)
    rows = list(chosen.filter(disclosed__isnull=True, value__isnull=False).values_list("id", "key", "status"))
    if not rows:
        raise InputError("没有可公开的指标值", do="核对指标、主体和期别")
    _refuse_incomplete(rows)
    with transaction.atomic():
        decision = Disclosure.objects.create(reason=reason, document=document, decided_by=actor)
        DisclosedValue.objects.bulk_create((DisclosedValue(disclosure=decision, value_id=row[0]) for row in rows), batch_size=CHUNK)
        root = root_of(f"{row[1]}\x1f{row[0]}" for row in rows)
        after = {"reason": reason, "document": document, "count": len(rows), "root": root}
        record("indicators.values.disclosed", decision, actor=actor, after=after)
    return decision


def _refuse_incomplete(rows: Iterable[tuple[int, str, str]]) -> None:
    bad = [key for _, key, status in rows if Status(status).rank >= Status.INCOMPLETE.rank]
    if bad:
        raise InputError(f"有 {len(bad)} 个指标值不完整，不能公开", why=f"如 {bad[0]}", do="补齐数据后再公开")
