"""Writing subjects, departments and people; and the one way to put reference tables in place without changing what is already so."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import models, transaction
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.organisations.models import Department, Installation, Subject, User
from shuangkong.core.errors import InputError

PASSWORD_BYTES = 12
FIRST_ADMINISTRATOR = "admin"


@dataclass(frozen=True, slots=True)
class Change:
    """How many rows were made, changed, and left as they were."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: Change) -> Change:
        return Change(self.created + other.created, self.updated + other.updated, self.unchanged + other.unchanged)


@transaction.atomic
def put_rows(
    model: type[models.Model],
    key: Sequence[str],
    rows: Iterable[Mapping[str, Any]],
    *,
    action: str,
    actor: Any = None,
    origin: str = "",
    among: models.Q | None = None,
) -> Change:
    """Make ``rows`` (field → value, foreign keys by ``…_id``) stand in ``model``, found by ``key`` (``among`` rows that meet a condition).

    Rows that are already so are not touched; one audit entry ``action`` names all that were made or changed, and there is none
    when nothing was. Rows of the table that are not named stay.
    """
    manager = model.objects.unscoped("reference table") if hasattr(model.objects, "unscoped") else model.objects.all()
    wanted = {tuple(row[name] for name in key): row for row in rows}
    standing = {tuple(getattr(found, name) for name in key): found for found in manager.filter(among or models.Q(), **_near(key, wanted))}
    made = [model(**row) for of, row in wanted.items() if of not in standing]
    changed, before = [], {}
    for of, row in wanted.items():
        if of in standing and (differences := _differences(standing[of], row)):
            before["/".join(map(str, of))] = differences
            changed.append(standing[of])
    _write(model, made, changed, wanted)
    if made or changed:
        created = ["/".join(str(getattr(found, name)) for name in key) for found in made]
        target = (made + changed)[0]
        record(action, target, actor=actor, before=before, after={"created": created, "changed": sorted(before)}, origin=origin)
    return Change(len(made), len(changed), len(wanted) - len(made) - len(changed))


def _near(key: Sequence[str], wanted: Mapping[tuple[Any, ...], Any]) -> dict[str, Any]:
    return {f"{key[0]}__in": {of[0] for of in wanted}}


def _differences(found: models.Model, row: Mapping[str, Any]) -> dict[str, str]:
    """The old values of the fields that differ; sets the new ones."""
    old = {}
    for name, value in row.items():
        if getattr(found, name) != value:
            old[name] = str(getattr(found, name))
            setattr(found, name, value)
    return old


def _write(model: type[models.Model], made: list[Any], changed: list[Any], wanted: Mapping[Any, Mapping[str, Any]]) -> None:
    model._base_manager.bulk_create(made, batch_size=400)
    if changed:
        fields = sorted({name for row in wanted.values() for name in row})
        model._base_manager.bulk_update(changed, fields, batch_size=200)


def put_subjects(rows: Iterable[Mapping[str, Any]], *, actor: Any = None, origin: str = "") -> Change:
    """Subjects by code. ``parent`` and ``county`` are codes: of these rows in any order, or of subjects that stand already."""
    listed = [dict(row) for row in rows]
    links = {row["code"]: (row.pop("parent", ""), row.pop("county", "")) for row in listed}
    with transaction.atomic():
        codes = {code for pair in links.values() for code in pair if code} - set(links)
        ids = dict(Subject.objects.filter(code__in=codes).values_list("code", "id"))
        change = Change()
        while listed:
            ready = [row for row in listed if all(not code or code in ids for code in links[row["code"]])]
            if not ready:
                raise ValueError(f"subjects hang in the air: {sorted(row['code'] for row in listed)}")
            change += _put_level(ready, links, ids, actor, origin)
            ids.update(Subject.objects.filter(code__in=[row["code"] for row in ready]).values_list("code", "id"))
            listed = [row for row in listed if row["code"] not in ids]
    return change


def _put_level(
    ready: list[dict[str, Any]], links: Mapping[str, tuple[str, str]], ids: Mapping[str, int], actor: Any, origin: str
) -> Change:
    rows = []
    for row in ready:
        parent, county = links[row["code"]]
        rows.append({**row, "parent_id": ids.get(parent), "county_id": ids.get(county)})
    return put_rows(Subject, ("code",), rows, action="organisations.subjects.put", actor=actor, origin=origin)


def put_departments(rows: Iterable[Mapping[str, Any]], *, actor: Any = None, origin: str = "") -> Change:
    """Departments by code."""
    return put_rows(Department, ("code",), rows, action="organisations.departments.put", actor=actor, origin=origin)


@transaction.atomic
def claim_installation(mode: str) -> None:
    """Say once and for all whether this database is ``demonstration`` or ``live``.

    Raises:
        InputError: it is the other.
    """
    found = Installation.objects.first()
    if found is None:
        record("organisations.installation.claim", Installation.objects.create(mode=mode), after={"mode": mode})
    elif found.mode != mode:
        raise InputError(
            _("这个数据库属于{found}，不能作为{mode}使用").format(found=_MODES[found.mode], mode=_MODES[mode]),
            where="SHUANGKONG_HOME",
            why=_("演示数据是虚构的，与正式数据不能同库"),
            do=_("换一个目录或数据库"),
        )


_MODES = {"demonstration": "演示", "live": "正式安装"}


class SignIn(NamedTuple):
    """What somebody needs to sign in for the first time."""

    username: str
    password: str


@transaction.atomic
def create_first_administrator() -> SignIn | None:
    """Make the administrator of an installation without people, with a one-time password; None when somebody is there."""
    if User.objects.exists():
        return None
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    user = User.objects.create_user(
        FIRST_ADMINISTRATOR, password=password, role=User.Role.ADMINISTRATOR, is_staff=True, password_change_due=True
    )
    record("organisations.user.create", user, after={"username": user.username, "role": user.role}, origin="start")
    return SignIn(user.username, password)


@transaction.atomic
def change_password(user: User, password: str) -> None:
    """Set a password that its owner chose; a change that was due is done."""
    user.set_password(password)
    user.password_change_due = False
    user.save(update_fields=["password", "password_change_due"])
    record("organisations.user.change_password", user, actor=user)


@transaction.atomic
def make_user(
    username: str,
    password: str,
    *,
    name: str,
    role: str,
    subject: Subject | None = None,
    department: Department | None = None,
    demonstration: bool = False,
    actor: Any = None,
) -> User:
    """A person who can sign in. The password is kept hashed only and is in no audit entry."""
    user = User(username=username, first_name=name, role=role, subject=subject, department=department, demonstration=demonstration)
    user.set_password(password)
    user.save()
    after = {"username": username, "role": role, "subject": subject and subject.code, "department": department and department.code}
    record("organisations.user.made", user, actor=actor, after=after)
    return user
