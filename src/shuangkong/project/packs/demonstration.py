"""What a pack's generator of demonstration data gives, and how it is brought in. Only the demonstration loads it.

A pack names a folder (``demonstration: demonstration``) that is a Python package with ``generate() -> Demonstration``. It is loaded
here and nowhere else, so that an installation without demonstration never runs it.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from django.conf import settings

from shuangkong.apps.ledger.loading import Consignment, NewRow, Places, load_rows
from shuangkong.apps.monitoring.services.duties import Stated
from shuangkong.apps.monitoring.services.duties import put as put_duties
from shuangkong.apps.organisations.models import Department, Subject, User
from shuangkong.apps.organisations.selectors import department_ids_by_code, ids_by_code
from shuangkong.apps.organisations.services import Change, SignIn, claim_installation, make_user
from shuangkong.core.errors import InputError
from shuangkong.core.periods import Period

from .reading import Pack

MARK = "演示"
SIGN_INS = "demonstration-sign-ins.txt"
BATCH_KIND = "demonstration"
_PASSWORD_BYTES = 9


class Person(NamedTuple):
    """A made-up sign-in: a role, never a person. ``subject`` and ``department`` are codes."""

    username: str
    name: str
    role: str
    subject: str = ""
    department: str = ""


@dataclass(frozen=True, slots=True)
class Filing:
    """Rows that were filed, issued or published together."""

    title: str
    rows: list[NewRow]
    subject: str = ""


class Duty(NamedTuple):
    """That a subject (by code) owes a form from a day on."""

    subject: str
    form_id: str
    starts_on: date
    reason: str = ""


class Connection(NamedTuple):
    """That a subject (by code) must be connected, for a reason of a kind, from a day on."""

    subject: str
    kind: str
    reason: str
    since: date


class Return(NamedTuple):
    """A form as it was filed. ``fate``: draft, submitted (at the first level), passed (by it), returned, accepted, locked, or

    ``in_ledger``: accepted, and its figures are those that the ledger holds from the filing titled ``batch``.
    """

    subject: str
    form_id: str
    period: Period
    cells: dict[str, str]
    filed_on: date
    fate: str
    reason: str = ""
    pointed: tuple[str, ...] = ()
    batch: str = ""


@dataclass(slots=True)
class Demonstration:
    """Everything that a generator invents. ``plans``, ``targets`` and ``measures`` are rows of those tables' shape, ``inputs`` the figures
    from which targets are shared out."""

    people: list[Person] = field(default_factory=list)
    subjects: list[dict[str, Any]] = field(default_factory=list)
    plans: list[dict[str, Any]] = field(default_factory=list)
    targets: list[dict[str, Any]] = field(default_factory=list)
    inputs: list[dict[str, Any]] = field(default_factory=list)
    annexes: list[dict[str, Any]] = field(default_factory=list)
    filings: list[Filing] = field(default_factory=list)
    measures: list[dict[str, Any]] = field(default_factory=list)
    duties: list[Duty] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)


def require_demonstration() -> None:
    """Refuse anything invented outside the demonstration.

    Raises:
        InputError: this installation, or its database, is not the demonstration.
    """
    if not settings.DEMONSTRATION:
        raise InputError(
            "正式安装不能装载演示数据",
            where="--demonstration",
            why="演示数据是虚构的，与正式数据不能同库",
            do="用 shuangkong run（或 make run）启动演示",
        )
    claim_installation("demonstration")


def generator_of(pack: Pack) -> ModuleType:
    """The pack's generator, imported.

    Raises:
        InputError: this is not the demonstration, or the pack has no generator.
    """
    require_demonstration()
    name = pack.manifest.get("demonstration")
    if not name:
        raise InputError("数据包没有演示数据", where=pack.code)
    return import_generator(pack.folder / str(name))


def import_generator(folder: Path) -> ModuleType:
    """The Python package in ``folder`` under a name of its own."""
    name = f"shuangkong_pack_{folder.parent.name.replace('-', '_')}_demonstration"
    spec = importlib.util.spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])
    if spec is None or spec.loader is None:
        raise InputError(f"“{folder.name}”不是 Python 包", where="demonstration")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def load_people(people: Sequence[Person]) -> list[SignIn]:
    """Make who is not there yet, each with a password of this installation only; writes them to ``HOME/demonstration-sign-ins.txt``.

    Returns:
        The new sign-ins; none when all people are there.
    """
    require_demonstration()
    subjects, departments = ids_by_code(), department_ids_by_code()
    known = set(User.objects.values_list("username", flat=True))
    made = []
    for person in people:
        if person.username not in known:
            password = secrets.token_urlsafe(_PASSWORD_BYTES)
            _make(person, password, subjects, departments)
            made.append(SignIn(person.username, password))
    if made:
        _keep(made, {person.username: person.name for person in people})
    return made


def _make(person: Person, password: str, subjects: dict[str, int], departments: dict[str, int]) -> None:
    make_user(
        person.username,
        password,
        name=person.name,
        role=person.role,
        subject=Subject.objects.get(pk=subjects[person.subject]) if person.subject else None,
        department=Department.objects.get(pk=departments[person.department]) if person.department else None,
        demonstration=True,
    )


def _keep(made: Iterable[SignIn], names: dict[str, str]) -> None:
    path = Path(settings.HOME) / SIGN_INS
    handle = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "a", encoding="utf-8") as file:
        file.writelines(f"{sign_in.username}\t{sign_in.password}\t{names[sign_in.username]}\n" for sign_in in made)


def load_connections(connections: Iterable[Connection], origin: str) -> Change:
    """Who must be connected, marked 演示."""
    require_demonstration()
    subjects = ids_by_code()
    stated = [Stated(subjects[each.subject], each.kind, each.reason, "", each.since) for each in connections]
    changes = put_duties(stated, demonstration=True, origin=origin)
    created = sum(change.before is None for change in changes)
    return Change(created=created, updated=len(changes) - created, unchanged=len(stated) - len(changes))


def load_filings(filings: Iterable[Filing], pack: Pack, *, now: datetime, actor: Any = None) -> Change:
    """Each filing as one batch, marked 演示."""
    require_demonstration()
    places, change = Places(), Change()
    for filing in filings:
        about = Consignment(BATCH_KIND, f"{MARK}：{filing.title}", f"pack:{pack.code}/demonstration", filing.subject, True)
        change += load_rows(filing.rows, about, now=now, actor=actor, places=places)
    return change


