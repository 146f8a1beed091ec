"""Reference tables are put in place: made, changed or left alone, with one audit entry for what was done and none for nothing."""

from __future__ import annotations

import json

import pytest

from shuangkong.apps.audit.models import Entry
from shuangkong.apps.organisations import selectors
from shuangkong.apps.organisations.models import Department, Subject
from shuangkong.apps.organisations.services import Change, claim_installation, make_user, put_departments, put_subjects
from shuangkong.core.errors import InputError

ROWS = [
    {"code": "c1", "name": "甲县", "kind": "county", "parent": "city"},
    {"code": "z1", "name": "甲园", "kind": "zone", "parent": "city", "county": "c1"},
    {"code": "city", "name": "某市", "kind": "city"},
    {"code": "rest", "name": "不分县", "kind": "unallocated", "parent": "city"},
]


def test_subjects_may_come_before_their_parents(db: None) -> None:
    assert put_subjects(ROWS) == Change(created=4)
    zone = Subject.objects.get(code="z1")
    assert zone.parent is not None
    assert zone.county is not None
    assert (zone.parent.code, zone.county.code) == ("city", "c1")
    assert [subject.code for subject in selectors.partition()] == ["c1", "rest"]
    assert [subject.code for subject in selectors.zones()] == ["z1"]


def test_a_parent_that_is_nowhere_is_refused_and_nothing_is_written(db: None) -> None:
    with pytest.raises(ValueError, match="c2"):
        put_subjects([*ROWS, {"code": "c2", "name": "乙县", "kind": "county", "parent": "nowhere"}])
    assert not Subject.objects.exists()


def test_only_what_differs_is_written_and_named(db: None) -> None:
    rows = [{"code": "a", "short_name": "甲局", "position": 1}, {"code": "b", "short_name": "乙局", "position": 2}]
    put_departments(rows)
    before = Entry.objects.count()
    assert put_departments(rows) == Change(unchanged=2)
    assert Entry.objects.count() == before
    assert put_departments([rows[0], {**rows[1], "short_name": "乙委"}]) == Change(updated=1, unchanged=1)
    payload = json.loads(Entry.objects.order_by("-id")[0].payload)
    assert payload["before"] == {"b": {"short_name": "乙局"}}
    assert payload["after"] == {"changed": ["b"], "created": []}
    assert Department.objects.get(code="b").short_name == "乙委"


def test_a_password_is_hashed_and_in_no_entry(db: None) -> None:
    user = make_user("someone", "a-password-of-mine", name="某人", role="reader")
    assert user.check_password("a-password-of-mine")
    assert "a-password-of-mine" not in user.password
    assert not any("a-password-of-mine" in entry.payload for entry in Entry.objects.all())


def test_a_database_is_the_demonstration_or_live_and_stays_so(db: None) -> None:
    claim_installation("live")
    claim_installation("live")
    with pytest.raises(InputError, match="属于正式安装，不能作为演示使用"):
        claim_installation("demonstration")
    assert Entry.objects.filter(action="organisations.installation.claim").count() == 1
