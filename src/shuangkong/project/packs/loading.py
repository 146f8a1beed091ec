"""Taking a sound pack in. Loading it twice changes nothing: no row, no batch, no audit entry."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import Max, Q
from django.utils import timezone

from shuangkong.apps.energy.services import recompute
from shuangkong.apps.indicators.annexes.loading import put_annex_rows
from shuangkong.apps.indicators.decomposition.services import put_inputs
from shuangkong.apps.indicators.forecast import services as forecasts
from shuangkong.apps.indicators.measures.services import put_measures
from shuangkong.apps.indicators.models import Computed, Disclosure, Value
from shuangkong.apps.indicators.services import disclose, load_catalogue
from shuangkong.apps.indicators.targets.services import put_targets
from shuangkong.apps.ledger.loading import Consignment, Places, load_rows
from shuangkong.apps.ledger.models import Batch
from shuangkong.apps.organisations import services as organisations
from shuangkong.apps.organisations.models import User
from shuangkong.apps.organisations.services import Change, SignIn
from shuangkong.apps.plans import services as plans
from shuangkong.apps.plans.models import Plan
from shuangkong.core.figures import Status

from .checking import sound_pack
from .demonstration import generator_of, load_connections, load_filings, load_people, require_demonstration
from .format import STATISTICS_DIR, TableRow
from .reading import Pack
from .returns import load_returns
from .statistics import new_row


@dataclass(slots=True)
class Loaded:
    """What a load did, by table or file."""

    pack: Pack
    changes: dict[str, Change] = field(default_factory=dict)
    sign_ins: list[SignIn] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """For the terminal."""
        return [
            f"{_TABLES.get(name, name)}：新增 {change.created}，更改 {change.updated}，不变 {change.unchanged}"
            for name, change in self.changes.items()
        ]


    def sign_in_lines(self) -> list[str]:
        """The new sign-ins, for the terminal."""
        return [f"{sign_in.username:<12} {sign_in.password:<14} {self.names[sign_in.username]}" for sign_in in self.sign_ins]


#: Words for the tables on the terminal.
_TABLES = {
    "regions": "地区", "departments": "部门", "enterprises": "企业", "power_plants": "电厂", "plans": "方案", "clauses": "条款",
    "duties": "职责", "obligations": "任务要求", "actions": "行动", "parent_targets": "上级目标", "annexes": "附件", "targets": "目标",
}  # fmt: skip

#: What the demonstration's filings are called among the changes.
LEDGER = "演示台账"


def load_pack(folder: Path, *, now: datetime, actor: Any = None) -> Loaded:
    """Check the pack in ``folder`` and put all its tables in place, then its published statistics into the ledger.

    Raises:
        PackError: the pack has faults; nothing is loaded.
        InputError: there is no such folder.
    """
    pack = sound_pack(folder)
    loaded = Loaded(pack)
    load_catalogue()
    loaded.changes["regions"] = _regions(pack, actor=actor, origin=_origin(pack, "regions"))
    for name, load in _LOADERS:
        rows = pack.rows(name)
        if rows:
            loaded.changes[name] = load(rows, actor=actor, origin=_origin(pack, name))
    _load_statistics(loaded, now, actor)
    return loaded


def load_demonstration(pack: Pack, *, now: datetime) -> Loaded:
    """Everything that the pack's generator invents: sign-ins, a plan, targets, filings; all marked 演示.

    Raises:
        InputError: this installation is not the demonstration, or the pack has no generator.
    """
    invented = generator_of(pack).generate()
    loaded, origin = Loaded(pack), f"pack:{pack.code}/demonstration"
    loaded.changes["演示主体"] = organisations.put_subjects(invented.subjects, origin=origin)
    loaded.names = {person.username: person.name for person in invented.people}
    loaded.sign_ins = load_people(invented.people)
    loaded.changes["演示方案"] = plans.put_plans(invented.plans, origin=origin)
    loaded.changes["演示目标"] = put_targets(invented.targets, origin=origin)
    loaded.changes["演示附件"] = put_annex_rows(invented.annexes, document="演示（虚构）", demonstration=True, origin=origin)
    loaded.changes["演示分解输入"] = put_inputs(invented.inputs, origin=origin)
    loaded.changes["演示措施"] = put_measures(invented.measures, origin=origin)
    loaded.changes[LEDGER] = load_filings(invented.filings, pack, now=now, actor=_demonstrator())
    loaded.changes["演示报表"] = load_returns(invented, now=now)
    loaded.changes["演示应联网单位"] = load_connections(invented.connections, origin)
    return loaded


def _demonstrator() -> User | None:
    """In whose name the demonstration is loaded."""
    return User.objects.filter(demonstration=True, role=User.Role.CITY).order_by("-username").first()


def install_packs(folders: Iterable[Path], *, now: datetime, demonstration: bool) -> list[Loaded]:
    """Load each pack, in the demonstration also what the first one invents, and compute what rests on it where the ledger changed."""
    if demonstration:
        require_demonstration()
    done = [load_pack(folder, now=now) for folder in folders]
    if demonstration:
        done.append(load_demonstration(done[0].pack, now=now))
    if _accounts_lag():
        recompute(now, timezone.localdate(now), reason="装载数据包")
        forecasts.ask(now, timezone.localdate(now), _demonstrator() if demonstration else None)
    if demonstration:
        _open_results()
    return done


#: What a yearly circular tells of every county: the change, the decline since the base year, the level. Targets stay in the annex.
_RESULTS = ("energy_intensity_change_percent", "energy_intensity_decline_percent", "warning_national")
_CIRCULAR = "年度节能目标完成情况通报（演示）"


def _open_results() -> None:
    """The demonstration's circulars: the results of every year of a closed plan but the last are open to all, by a recorded decision."""
    if Disclosure.objects.filter(reason=_CIRCULAR).exists():
        return
    for plan in Plan.objects.filter(demonstration=False):
        chosen = Q(indicator__code__in=_RESULTS, period_kind="year", subject__kind="county", lens="issued", release="", status__in=_SOUND)
        years = Q(period_start__year__gte=plan.first_year, period_start__year__lt=plan.last_year)
        current = Value.objects.unscoped("whether there is anything to open").filter(current__isnull=False, value__isnull=False)
        if current.filter(chosen & years).exists():
            disclose(None, chosen & years, reason=_CIRCULAR, document="演示数据")


_SOUND = (Status.OK.value, Status.ESTIMATED.value)


def _accounts_lag() -> bool:
    """Whether a batch was applied after the newest computation, so that one that was interrupted is made up for."""
    newest = Batch.objects.unscoped("whether the ledger moved").aggregate(at=Max("applied_at"))["at"]
    computed = Computed.objects.aggregate(at=Max("made_at"))["at"]
    return newest is not None and (computed is None or computed < newest)


def _origin(pack: Pack, table: str) -> str:
    return f"pack:{pack.code}/{table}.csv"


def _load_statistics(loaded: Loaded, now: datetime, actor: Any) -> None:
    pack, places = loaded.pack, Places()
    files: dict[str, list[TableRow]] = {}
    for row in pack.rows(STATISTICS_DIR):
        files.setdefault(row.file, []).append(row)
    for file, rows in files.items():
        about = Consignment("published", f"{pack.manifest['title']}：{file}", f"pack:{pack.code}/{file}", str(pack.manifest["region"]))
        loaded.changes[file] = load_rows([new_row(row) for row in rows], about, now=now, actor=actor, places=places)


def _values(row: TableRow, *leave: str) -> dict[str, Any]:
    return {name: value for name, value in row.values.items() if name not in leave}


def _regions(pack: Pack, **of: Any) -> Change:
    """Subjects with what is known publicly of them: the full name, and of zones and parks what the table ``parks`` says."""
    described = {row.values["region"]: _values(row, "region") for row in pack.rows("parks")}
    made = []
    for row in pack.rows("regions"):
        details = {"full_name": row.values["full_name"], **described.get(row.values["code"], {})}
        made.append({**_values(row, "full_name"), "details": details})
    return organisations.put_subjects(made, **of)


def _firms(rows: Iterable[TableRow], **of: Any) -> Change:
    made = []
    for position, row in enumerate(rows, 1):
        values = _values(row, "code", "name", "county", "industry")
        details = {name: str(value) for name, value in values.items() if value not in ("", None)}
        made.append(
            {
                "kind": "enterprise",
                "code": row.values["code"],
                "name": row.values["name"],
                "parent": row.values["county"],
                "county": row.values["county"],
                "industry": row.values.get("industry", POWER_INDUSTRY),
                "position": FIRMS_FROM + position,
                "details": details,
            }
        )
    return organisations.put_subjects(made, **of)


#: Where enterprises stand in the order of subjects: after every region.
FIRMS_FROM = 10_000
#: GB/T 4754 division of power plants (电力、热力生产和供应业)
POWER_INDUSTRY = "44"


def _in_order(put: Callable[..., Change], *leave: str) -> Callable[..., Change]:
    def load(rows: Iterable[TableRow], **of: Any) -> Change:
        return put([{**_values(row, *leave), "position": position} for position, row in enumerate(rows, 1)], **of)

    return load


def _plans(rows: Iterable[TableRow], **of: Any) -> Change:
    # the demonstration invents the plan of a period that is not issued: loading the pack again leaves that in place
    invented = set(Plan.objects.filter(demonstration=True).values_list("code", flat=True))
    kept = [row for row in rows if row.values["code"] not in invented]
    return plans.put_plans([{**_values(row, "region"), "subject": row.values["region"]} for row in kept], **of)


def _plain(put: Callable[..., Change]) -> Callable[..., Change]:
    def load(rows: Iterable[TableRow], **of: Any) -> Change:
        return put([_values(row) for row in rows], **of)

    return load


def _parent_targets(rows: Iterable[TableRow], **of: Any) -> Change:
    made = [{**_values(row), "number": row.cells["number"], "position": position} for position, row in enumerate(rows, 1)]
    return plans.put_parent_targets(made, **of)


_LOADERS: tuple[tuple[str, Callable[..., Change]], ...] = (
    ("departments", _in_order(organisations.put_departments)),
    ("enterprises", _firms),
    ("power_plants", _firms),
    ("plans", _plans),
    ("clauses", _in_order(plans.put_clauses)),
    ("duties", _in_order(plans.put_duties)),
    ("obligations", _plain(plans.put_obligations)),
    ("actions", _plain(plans.put_actions)),
    ("parent_targets", _parent_targets),
    ("annexes", _plain(plans.put_annexes)),
    ("targets", _plain(put_targets)),
)
