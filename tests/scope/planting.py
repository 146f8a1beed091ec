"""A city in which everybody's unpublished figures, files and remarks bear marks that nobody else may read.

A mark has a kind, which says who may read it, and a tag, which says whose it is: A and B are counties, Z a zone in A, E an enterprise
in A, C the city, D a department, P a proposed rule.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.conf import settings
from django.db.models.functions import Now

from shuangkong.apps.audit.services import record
from shuangkong.apps.cockpit.situation.services import file_report
from shuangkong.apps.desk.models import InboxItem, Job
from shuangkong.apps.desk.services import files, imports
from shuangkong.apps.filing.models import FoundFinding, Obligation, Round
from shuangkong.apps.filing.services.obligations import new_filing
from shuangkong.apps.indicators.drafts import NO_LINES, Draft
from shuangkong.apps.indicators.models import (
    ControlMeasure,
    CountyInput,
    Decomposition,
    Forecast,
    ForecastPoint,
    Indicator,
    MeasurePlan,
    Run,
    Target,
    TargetProposal,
    Value,
)  # fmt: skip
from shuangkong.apps.indicators.services import Known, load_catalogue, publish, store_known_on
from shuangkong.apps.indicators.tables import Line
from shuangkong.apps.ledger.models import Batch, Evidence, Row
from shuangkong.apps.monitoring.models import (
    ConnectionDuty,
    Device,
    Incident,
    Meter,
    MeteredMonth,
    MeterTerm,
    Outage,
    Point,
    QualityFinding,
)  # fmt: skip
from shuangkong.apps.monitoring.services import collecting
from shuangkong.apps.organisations.keys import create_key
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans import library
from shuangkong.apps.plans.models import Action, ActionItem, Annex, LocalRuleRow
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.core.digest import canonical_json
from shuangkong.core.forms import periods_of
from shuangkong.hj212 import build_frame, decode
from shuangkong.hj212.message import CIVIL
from shuangkong.rulebook import forms
from shuangkong.series.records import frame_record
from shuangkong.series.schema import point_id
from shuangkong.series.store import Readings
from tests.cockpit import city as builder
from tests.monitoring.kit import hand_on

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
KNOWN_ON = date(2026, 11, 20)
RULE = "disclosure.minimum_units"
#: tag → (role of its owner in the fixture ``users``, code of its subject)
OWNERS = {
    "A": ("county", "431002"), "B": ("other_county", "431003"), "Z": ("zone", "CZ-HITECH"), "E": ("enterprise", "91-A"),
    "C": ("city", "431000"), "D": ("department", ""),
}  # fmt: skip
KINDS = ("MARK", "OWN", "ROW", "LOG", "BOX", "KEY", "TEL", "FORM", "STAT")
_ALL = frozenset({*OWNERS, "P"})


def _own(tag: str) -> dict[str, frozenset[str]]:
    return {kind: frozenset(tag) for kind in KINDS}


#: role → kind → the tags whose marks it may read. What is not here is forbidden.
READABLE: dict[str, dict[str, frozenset[str]]] = {
    "city": {**_own("C"), **dict.fromkeys(("MARK", "OWN", "ROW", "LOG", "KEY", "LAW", "TEL", "FORM"), _ALL)},
    "county": {**_own("A"), "MARK": frozenset("AE"), "ROW": frozenset("AZE"), "TEL": frozenset("AE"), "FORM": frozenset("AE")},
    "other_county": _own("B"),
    "zone": _own("Z"),
    "enterprise": _own("E"),
    "department": {**_own("D"), "TEL": frozenset()},
    "reader": {},
    "administrator": dict.fromkeys(("LOG", "KEY"), _ALL),
    "anonymous": {},
}
ROLES = tuple(READABLE)


def may_read(role: str, kind: str, tag: str) -> bool:
    """Whether ``role`` may read a mark."""
    return tag in READABLE[role].get(kind, frozenset())


def may_open(role: str, kind: str, tag: str) -> bool:
    """Whether ``role`` may open the object itself; the city's people read in the log that a key was made, and cannot end it."""
    return may_read(role, kind, tag) and not (kind == "KEY" and role == "city" and tag != "C")


def mark(kind: str, tag: str) -> str:
    """The words of a mark."""
    return f"{kind}{tag}ZQX"


#: A mark of anybody's, and a number in two parts; its sign and the words around it are no part of it.
_MARK = re.compile(f"(?:{'|'.join(KINDS)})[{''.join(sorted(_ALL))}]ZQX")
_NUMBER = re.compile(r"(\d(?<![A-Za-z0-9_.]\d)\d*)(\.\d+)?")


@dataclass(frozen=True)
class Forbidden:
    """What must stand in no answer to somebody: marks in words, and numbers as they may be written."""

    words: frozenset[str]
    numbers: frozenset[str]

    def found(self, text: str) -> set[str]:
        """What of it stands in ``text``. A pattern of all that is forbidden costs ten times as much as looking up each number."""
        found = set(_MARK.findall(text)) & self.words
        for whole, fraction in _NUMBER.findall(text):
            found |= {whole, whole + fraction} & self.numbers
        return found


@dataclass
class City:
    """What was planted: by tag the ids of its objects, and the numbers that are marks."""

    users: dict[str, Any]
    ids: dict[str, dict[str, Any]] = field(default_factory=dict)
    numbers: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    def number(self, kind: str, tag: str, *forms: str) -> None:
        """Notes how a number may be written."""
        self.numbers.setdefault((kind, tag), set()).update(forms)

    def forbidden(self, role: str) -> Forbidden:
        """What must stand in no answer to ``role``."""
        words = {mark(kind, tag) for kind in KINDS for tag in _ALL if not may_read(role, kind, tag)}
        open_forms = {form for (kind, tag), forms in self.numbers.items() if may_read(role, kind, tag) for form in forms}
        closed = {form for (kind, tag), forms in self.numbers.items() if not may_read(role, kind, tag) for form in forms}
        return Forbidden(frozenset(words), frozenset(closed - open_forms))


def forms_of(number: Decimal) -> set[str]:
    """How pages, workbooks, reports and charts may write a number."""
    size = abs(number)
    if size >= 100_000:
        return {format(size, "f"), format(size.quantize(Decimal(1)), "f"), *(f"{size / 10000:.{places}f}" for places in (1, 2, 3, 4))}
    return {format(size, "f"), f"{size:.2f}"}


def plant(users: dict[str, Any], folder: Any) -> City:
    """Everything, for every tag."""
    load_catalogue()
    subjects = builder.make_places(11)
    plans = builder.make_plans(subjects["431000"])
    builder.make_targets(plans, subjects, targets_15=True)
    subjects["91-A"] = Subject.objects.get(code="91-A")
    city = City(users)
    _values(city, subjects)
    for position, (tag, (role, code)) in enumerate(OWNERS.items()):
        ids = city.ids.setdefault(tag, {})
        subject = subjects.get(code)
        ids.update(code=code or "431003", user=users[role].pk, plan="cz-15", tag=tag)
        _desk(city, tag, users[role], folder)
        _ledger(city, tag, users[role], subject, position)
        _others(city, tag, users[role], subject, plans["cz-15"], position)
        _filings(city, tag, users[role], subject)
    _readings(OWNERS)
    body = {"value": "0.1", "note": mark("MARK", "P")}
    proposal = LocalRuleRow.objects.create(
        parameter=RULE, region="4310", body={**body, "applies_from": "2026-01-01"}, document=mark("MARK", "P"), proposed_by=users["county"]
    )
    rows = library.parameter(RULE).rows
    region = next(place for place, listed in rows.items() if listed)
    change = TargetProposal.objects.create(
        plan=plans["cz-15"], indicator=Indicator.objects.get(code="nox_reduction_t"), subject=subjects["431000"],
        body={"number": "5", "words": mark("MARK", "P")}, document=mark("MARK", "P"), reason=mark("MARK", "P"), asked_by=users["county"],
    )  # fmt: skip
    draft, shared = (_decomposition(city, users["city"], plans["cz-15"], subjects["431000"], state) for state in ("draft", "published"))
    for ids in city.ids.values():
        ids.update(draft=draft.pk, shared=shared.pk)
    annex = Annex.objects.create(plan=plans["cz-15"], number=2, title="各县市区能耗强度降低目标")
    for ids in city.ids.values():
        ids.update(target_proposal=change.pk, annex=annex.pk)
        ids.update(proposal=proposal.pk, rule=RULE, rule_region=region, rule_row=rows[region][0].row)
    return city


def _decomposition(city: City, user: Any, plan: Any, subject: Any, state: str) -> Decomposition:
    """A version whose shares are numbers of counties A and B: each reads its own of the published one, nobody but the city the draft."""
    shares, stated = [], {}
    for position, (tag, code) in enumerate((("A", "431002"), ("B", "431003"))):
        owner = tag if state == "published" else "C"
        rounded, exact, growth = (Decimal(text) + position for text in ("311.0171", "411.0173", "511.0177"))
        number = [value + (0 if state == "published" else Decimal(20)) for value in (rounded, exact, growth)]
        city.number("MARK", owner, *(form for value in number for form in (*forms_of(value), format(value, ".4f"))))
        shares.append(
            {
                "code": code, "label": subject.name, "rounded": format(number[0], "f"), "exact": format(number[1], "f"), "held": "",
                "score": "1", "parts": {"growth": "1"}, "factors": {},
            }
        )  # fmt: skip
        stated[code] = {"growth": format(number[2], "f")}
        county = Subject.objects.get(code=code)
        CountyInput.objects.create(plan=plan, subject=county, key="growth", value=number[2], owner=mark("MARK", tag))
    body = {"target": "14", "reserve": "0", "step": "0.0001", "on": "2026-11-24", "bounds": {}, "what_if": {}}
    inputs = {"regions": [["431002", "北湖区"], ["431003", "苏仙区"]], "stated": stated, "base": {}, "owners": {}, "readings": {}}
    return Decomposition.objects.create(
        plan=plan, indicator=Indicator.objects.get(code="energy_intensity_decline_percent"), subject=subject, state=state,
        number=1 if state == "published" else 2, asked=body, inputs=inputs, made_by=user,
        result={
            "kind": "rate", "target": "14", "reached": "14.1", "surplus": "0.1", "structure": "0.2", "equal": "14.2", "shares": shares,
        },
        document=mark("MARK", "P") if state == "draft" else "",
    )  # fmt: skip


# values: every figure of a tagged subject is a mark


def _values(city: City, subjects: dict[str, Any]) -> None:
    sheet = builder.Sheet()
    for i, (product, sector) in enumerate(zip(builder.PRODUCTS, builder.SECTORS, strict=True)):
        sheet.indicator(f"energy_product_tce:p{i}", product)
        sheet.indicator(f"energy_sector_tce:s{i}", sector)
    for subject in subjects.values():
        builder.fill(sheet, subject, ("-2.38", "2.10", 2, 3), late=False)
    tags = {subjects[code].pk: tag for tag, (_role, code) in OWNERS.items() if code}
    others = [draft for draft in sheet.drafts if draft.subject_id not in tags]
    plain = {form for draft in others if draft.value for form in forms_of(Decimal(draft.value))}
    marked = list(_marked(city, [d for d in sheet.drafts if d.subject_id in tags], tags, plain))
    public = _public(sheet, subjects, marked)
    drafts = list({draft.key: draft for draft in [*others, *marked, public]}.values())
    known = Known(KNOWN_ON, current_rulebook().hash)
    publish(drafts, known, now=NOW, reason="测试")
    store_known_on(drafts, known, now=NOW)
    values = Value.objects.unscoped("test").filter(current__isnull=False)
    for pk, tag in tags.items():
        own = values.filter(subject=pk, indicator__code="energy_total_tce", value__isnull=False).order_by("-period_end").first()
        table = values.filter(subject=pk).exclude(lines=[]).order_by("-period_end").first()
        city.ids.setdefault(tag, {}).update(value=own.pk, table=table.pk)
    for ids in [*city.ids.values(), city.ids.setdefault("D", {})]:
        ids["public"] = values.get(public=True).pk


def _marked(city: City, drafts: list[Draft], tags: dict[int, str], plain: set[str]) -> Iterator[Draft]:
    numbers = _unlike(plain)
    for draft in drafts:
        tag = tags[draft.subject_id]
        words = mark("MARK", tag) if draft.words else ""
        if draft.lines != NO_LINES:
            draft = draft._replace(lines=canonical_json([_marked_line(city, tag, line, numbers) for line in json.loads(draft.lines)]))
        if draft.value is None or draft.severity is not None:
            yield draft._replace(words=words, sentence=mark("MARK", tag), finding=mark("MARK", tag))
            continue
        number = next(numbers[abs(Decimal(draft.value)) >= 100_000])
        city.number("MARK", tag, *forms_of(number))
        yield draft._replace(value=format(number, "f"), words=words, sentence=mark("MARK", tag), finding=mark("MARK", tag))


def _marked_line(city: City, tag: str, stored: list[Any], numbers: dict[bool, Iterator[Decimal]]) -> list[Any]:
    line = Line(*stored)
    if line.value is None:
        return list(line._replace(sentence=mark("MARK", tag)))
    number = next(numbers[abs(Decimal(line.value)) >= 100_000])
    city.number("MARK", tag, *forms_of(number))
    return list(line._replace(value=format(number, "f"), sentence=mark("MARK", tag)))


def _unlike(plain: set[str]) -> dict[bool, Iterator[Decimal]]:
    """Numbers that no other figure looks like: large ones, and rates."""

    def sequence(start: Decimal, step: Decimal) -> Iterator[Decimal]:
        number = start
        while True:
            number += step
            if not forms_of(number) & plain:
                yield number

    return {True: sequence(Decimal("7391846"), Decimal("10007")), False: sequence(Decimal("61.8437"), Decimal("0.0313"))}


def _public(sheet: Any, subjects: dict[str, Any], marked: list[Draft]) -> Draft:
    """A published figure of the city that rests on everybody's."""
    inputs = canonical_json([{"label": "下级", "key": draft.key} for draft in marked if draft.key.startswith("energy_total_tce|")])
    sheet.put("energy_growth_percent", subjects["431000"], builder.NEWEST.year_before(), "3.3", public=True, inputs=inputs)
    return sheet.drafts[-1]


# the desk


def _desk(city: City, tag: str, user: Any, folder: Any) -> None:
    path = folder / f"{tag}.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet().write_string(0, 0, mark("OWN", tag))
    stored = files.store(user, f"{mark('OWN', tag)}.xlsx", [path.read_bytes()], content_type=files.XLSX)
    ids = city.ids[tag]
    exported = files.store(user, f"{mark('BOX', tag)}.csv", [mark("BOX", tag).encode()], content_type=files.CSV)
    ids.update(file=stored.pk, exported=exported.pk)
    for kind in settings.JOB_KINDS:
        job = Job.objects.create(
            owner=user, kind=kind, title=f"检查：{mark('OWN', tag)}", arguments=ARGUMENTS[kind](ids, user), state=Job.State.DONE,
            result=RESULT, message=mark("OWN", tag), stage=mark("OWN", tag), ended_at=NOW,
            file=exported if kind == "export" else stored,
        )  # fmt: skip
        ids[f"job:{kind}"] = job.pk
    ids["job"] = ids["job:import.check"]
    findings = imports.folder_of(ids["job"])
    findings.mkdir(parents=True, exist_ok=True)
    line = canonical_json([2, 1, "error", mark("OWN", tag), "", ""])
    (findings / "findings.jsonl").write_text(line + "\n", encoding="utf-8")
    InboxItem.objects.create(
        key=f"walk:{tag}", kind="test", title=mark("BOX", tag), detail=mark("BOX", tag), address="/", for_user=user, opened_on=NOW.date()
    )
    made = create_key(user, mark("KEY", tag), ["read", "calculate", "import", "file"], 30, now=datetime.now(UTC))
    ids["key"], city.keys[OWNERS[tag][0]] = made.key.pk, made.text


RESULT: dict[str, Any] = {
    "counts": {"read": 1, "new": 1, "corrected": 0, "unchanged": 0, "refused": 0, "ask": 0, "blank": 0},
    "sheet": "填报", "findings": 1, "batch": None,
}  # fmt: skip
#: kind of job → its arguments; a kind without them fails the walk
ARGUMENTS: dict[str, Callable[[dict[str, Any], Any], dict[str, Any]]] = {
    "import.check": lambda ids, user: {
        "kind": "electricity", "file": ids["file"], "known_on": "2026-10-01", "document": "", "origin": "reported",
    },
    "import.apply": lambda ids, user: {"check": ids.get("job", 0), "keep_unusual": False},
    "recompute": lambda ids, user: {"rule": 0},
    "forecast": lambda ids, user: {},
    "filing.recompute": lambda ids, user: {},
    "import.undo": lambda ids, user: {"kind": "electricity", "batch": 0},
    "export": lambda ids, user: {
        "kind": "rows", "filters": {}, "format": "csv", "reach": [user.role, user.subject_id, user.department_id, user.is_active],
    },
}  # fmt: skip


# the ledger


def _ledger(city: City, tag: str, user: Any, subject: Any, position: int) -> None:
    stored = files.store(user, f"{mark('MARK', tag)}.xlsx", [mark("OWN", tag).encode()], content_type=files.XLSX)
    batch = Batch.objects.create(
        kind="electricity", title=mark("MARK", tag), owner=user, subject=subject, file=stored, document=mark("MARK", tag), rows_read=1,
        rows_kept=1,
    )  # fmt: skip
    city.ids[tag]["batch"] = batch.pk
    proof = files.store(user, f"{mark('MARK', tag)}.pdf", [mark("MARK", tag).encode()], content_type="application/pdf")
    city.ids[tag]["evidence"] = Evidence.objects.create(batch=batch, file=proof, note=mark("MARK", tag), added_by=user).pk
    if subject is not None:
        city.ids[tag]["row"] = _row(city, tag, subject, batch, Decimal(6283957 + 100_003 * position)).pk
    Batch.objects.unscoped("test").filter(pk=batch.pk).update(applied_at=Now())


def _row(city: City, tag: str, subject: Any, batch: Batch, amount: Decimal) -> Row:
    zone = subject if subject.kind == "zone" else None
    place = subject.county if zone else subject
    city.number("ROW", tag, *forms_of(amount))
    return Row.objects.create(
        batch=batch, subject=place, county=place if place.kind == "county" else None, zone=zone, measure="electricity", period_kind="month",
        period_start=date(2026, 9, 1), period_end=date(2026, 10, 1), quantity=amount, unit_filed="万千瓦时", filed=format(amount, "f"),
        origin="reported", release="preliminary", document=mark("ROW", tag), remark=mark("ROW", tag), known_on=date(2026, 10, 12),
    )  # fmt: skip


# telemetry: a device and an incident of each; without a subject a stranger's, which only the city sees


def _telemetry(city: City, tag: str, subject: Any) -> None:
    words = mark("TEL", tag)
    device = Device.objects.create(mn=f"MN-{words}", name=words, subject=subject, password="")
    incident = Incident.objects.create(
        day=NOW.date(), code="clock_off", mn=device.mn, address=words, device=device if subject else None, text=words, times=1,
        first_at=NOW, last_at=NOW, sample=f"##0000QN=1;ST=32;CN=2011;MN={words};CP=&&x&&0000",
    )  # fmt: skip
    source, code = f"hj212/{device.mn}", "w01018"
    key = f"{source}/{code}"
    point = Point.objects.create(
        id=point_id(key), key=key, source=source, device=device, subject=subject, code=code, name=words, medium="water", role="pollutant",
        interval_s=60, active_from=NOW,
    )  # fmt: skip
    outage = Outage.objects.create(
        source=source, device=device, subject=subject, started_at=NOW, noticed_at=NOW, due_on=NOW.date(), cause="silent", words=words
    )
    finding = QualityFinding.objects.create(
        point=point, rule="R01", title=words, severity="warning", window_start=NOW, window_end=NOW, found_at=NOW, saw=words,
        evidence={"words": words}, words=words,
    )  # fmt: skip
    whose = subject or Subject.objects.get(code="431000")
    meter = Meter.objects.create(
        subject=whose, key=f"meter/{words}", point=1000 + ord(tag[0]), name=words, product="electricity", flow="inflow", unit="kWh",
        kind="register",
    )  # fmt: skip
    MeterTerm.objects.create(meter=meter, starts_at=NOW, multiplier=Decimal(1), serial=words)
    month = MeteredMonth.objects.create(
        subject=whose, product="electricity", flow="inflow", month=date(1960 + ord(tag[0]), 9, 1), quantity=Decimal(1), complete=False,
        why=words, meters=1, incomplete=1, worked_out_at=NOW,
    )  # fmt: skip
    if subject is not None:
        ConnectionDuty.objects.create(subject=subject, kind="permit", reason=words, since=date(2026, 1, 1))
    city.ids[tag].update(
        device=device.pk, incident=incident.pk, point=point.pk, outage=outage.pk, finding=finding.pk, at_ms=int(NOW.timestamp() * 1000),
        meter=meter.pk, metered_month=month.pk,
    )  # fmt: skip


def _readings(tags: Iterable[str]) -> None:
    """One value of each point, parsed from real frames: the device's name, which is the mark, stands in the frame too."""
    stamp = f"{NOW.astimezone(CIVIL):%Y%m%d%H%M%S}"
    frames = [
        build_frame(qn=f"{stamp}000", st="32", cn="2011", pw="1", mn=f"MN-{mark('TEL', tag)}", flag=5, cp=f"DataTime={stamp};w01018-Rtd=7")
        for tag in tags
    ]
    received_ms = int(NOW.timestamp() * 1000)
    hand_on(collecting.store(), *(frame_record(decode(frame), "10.1.1.1", "w0", set(), received_ms) for frame in frames))
    with Readings(collecting.store()) as series:
        series.parse_next()


# filings: an administrative report and a return under the statistics law

#: kind of subject → the two forms that it files, with a cell that takes words
FORMS = {
    "enterprise": (("key_unit_month", "notes.changes.text", 9), ("industrial_energy_month", "notes.changes.text", 9)),
    "county": (("city_infrastructure_year", "sewage.r1.name", 12), ("county_energy_balance_quarter", "notes.changes.text", 9)),
    "zone": (("city_infrastructure_year", "sewage.r1.name", 12), ("county_energy_balance_quarter", "notes.changes.text", 9)),
}


def _filings(city: City, tag: str, user: Any, subject: Any) -> None:
    if subject is None or subject.kind not in FORMS:
        return
    for kind, (form_id, cell, month) in zip(("FORM", "STAT"), FORMS[subject.kind], strict=True):
        form = forms.current().newest(form_id)
        period = next(each for each in periods_of(form, 2025 if month == 12 else 2026) if each.last_month == month)
        filing = new_filing(form, subject, period)
        filing.draft, filing.state, filing.level, filing.round = {cell: mark(kind, tag)}, "submitted", "city", 1
        filing.correction_reason = mark(kind, tag)
        filing.save()
        made = Round.objects.create(
            filing=filing, number=1, cells={cell: mark(kind, tag)}, sm3="0" * 64, edition_sm3="0" * 64, submitted_by=user, submitted_at=NOW,
        )  # fmt: skip
        found = FoundFinding.objects.create(round=made, check_number="T01", severity="notice", addresses=[cell], saw=mark(kind, tag))
        city.ids[tag][f"{kind.lower()}_finding"] = found.pk
        Obligation.objects.create(
            subject=subject, form_id=form_id, starts_on=date(2025, 1, 1), use=form.use, departments=filing.departments,
            reason=mark(kind, tag),
        )  # fmt: skip
        city.ids[tag].update({f"{kind.lower()}_filing": filing.pk, f"{kind.lower()}_round": made.pk})


# targets, reports, the log


def _others(city: City, tag: str, user: Any, subject: Any, plan: Any, position: int) -> None:
    ids = city.ids[tag]
    with_subject = subject.pk if subject else None
    _telemetry(city, tag, subject)
    entry = record("ledger.batch.applied", Batch(pk=ids["batch"]), actor=user, subject_id=with_subject, after={"note": mark("LOG", tag)})
    ids["entry"] = entry.pk
    if subject is None:
        return
    number = Decimal("47.3137") + Decimal("0.1019") * position
    city.number("MARK", tag, *forms_of(number))
    ids["target"] = Target.objects.create(
        plan=plan, indicator=Indicator.objects.get(code="cod_reduction_t"), subject=subject, number=number, words=mark("MARK", tag),
        source=mark("MARK", tag),
    ).pk  # fmt: skip
    ids["action_item"] = ActionItem.objects.create(
        action=Action.objects.get_or_create(plan=plan, number=1, defaults={"name": "行动"})[0], title=mark("MARK", tag), subject=subject,
        due_on=date(2026, 12, 31),
    ).pk  # fmt: skip
    ids["forecast"] = _forecast(city, tag, subject, position)
    ids.update(_measures(city, tag, user, subject, position))
    if subject.kind != "enterprise":
        report = file_report(city.users["city"], plan, subject, builder.NEWEST, builder.TODAY)
        frozen = {**report.frozen, "subtitle": mark("MARK", tag)}
        type(report).objects.unscoped("test").filter(pk=report.pk).update(title=mark("MARK", tag), frozen=frozen)
        ids["report"] = report.pk


def _forecast(city: City, tag: str, subject: Any, position: int) -> int:
    """A forecast of the total, with its year-end and what was known."""
    numbers = [Decimal(5172839 + 100_019 * position + 1009 * end) for end in range(4)]
    city.number("MARK", tag, *(form for number in numbers for form in forms_of(number)))
    forecast = Forecast.objects.create(
        indicator=Indicator.objects.get(code="energy_total_tce"), subject=subject, basis="equivalent", run=Run.objects.latest("id"),
        method="ets", label="指数平滑法", level_percent=Decimal(80), tested=8, sm3="0" * 64, sentence=mark("MARK", tag),
        records=[{"method": "ets", "label": "指数平滑法", "error_percent": "1.4", "origins": 12}], history=[["2026Q3", str(numbers[3])]],
        inputs=[{"label": "能源消费总量", "code": "energy_total_tce", "first": "", "last": "", "count": 1, "sm3": ""}],
    )  # fmt: skip
    span = {"period_kind": "year", "period_start": date(2026, 1, 1), "period_end": date(2027, 1, 1)}
    ForecastPoint.objects.create(forecast=forecast, value=numbers[0], low=numbers[1], high=numbers[2], **span)
    return forecast.pk


def _measures(city: City, tag: str, user: Any, subject: Any, position: int) -> dict[str, int]:
    """A measure of the library and a kept choice."""
    amount = Decimal(4061729 + 100_043 * position)
    city.number("MARK", tag, *forms_of(amount))
    measure = ControlMeasure.objects.create(
        code=f"m-{tag}", label=mark("MARK", tag), kind="retrofit", subject=subject, effect_tce=amount, cost_10k_yuan=amount,
        rule="measure.retrofit", source=mark("MARK", tag),
    )  # fmt: skip
    text = format(amount, "f")
    result = {
        "gap_tce": text, "required_percent": "3", "forecast_percent": "2", "decline_percent": "2", "months_left": 12, "effect_tce": text,
        "cost_10k_yuan": text, "gdp_10k_yuan": text, "remaining_tce": text, "pollutants_t": {}, "choices": [], "others": [], "rules": [],
        "left_out": [{"code": "m", "label": mark("MARK", tag), "why": mark("MARK", tag)}], "forecasts": [],
    }  # fmt: skip
    plan = MeasurePlan.objects.create(
        subject=subject, version=1, year=2027, result=result, sm3="0" * 64, made_by=user, note=mark("MARK", tag)
    )
    return {"control_measure": measure.pk, "measure_plan": plan.pk}
