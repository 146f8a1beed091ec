"""The walk: every address, export, job and API operation as every role. Foreign objects are 404, and no answer holds a foreign mark."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.db.models import Q
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from shuangkong.apps.cockpit.models import Report
from shuangkong.apps.desk.models import InboxItem, Job, StoredFile
from shuangkong.apps.desk.services import jobs
from shuangkong.apps.indicators.models import (
    ControlMeasure,
    Decomposition,
    Forecast,
    MeasurePlan,
    Target,
    TargetProposal,
    Value,
)  # fmt: skip
from shuangkong.apps.ledger.models import Batch, Row
from shuangkong.apps.monitoring.models import ConnectionDuty, Device, Incident, Meter, Outage, Point, QualityFinding
from shuangkong.apps.organisations.models import ApiKey
from shuangkong.apps.plans.models import LocalRuleRow
from shuangkong.project.api import docs
from tests.ledger import kit
from tests.scope.examples import API, EXPORTS, PAGES, Example
from tests.scope.planting import ARGUMENTS, NOW, OWNERS, READABLE, ROLES, City, mark, may_open, plant
from tests.scope.reading import said

pytestmark = pytest.mark.django_db
V1 = "/api/v1/"
SIGNED_IN = [role for role in ROLES if role != "anonymous"]


@pytest.fixture
def city(users: dict[str, Any], places: dict[str, Any], tmp_path: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> City:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"  # a statement less for each of thousands of requests
    monkeypatch.setattr("shuangkong.project.middleware.timezone.now", lambda: NOW)
    monkeypatch.setattr("shuangkong.project.api.access.CallerThrottle.allow_request", lambda self, request: True)
    # a live page looks once and ends
    monkeypatch.setattr("shuangkong.apps.monitoring.live.LIFE_S", 0.0)
    cache.clear()
    return plant(users, tmp_path)


# nothing is left out


def patterns(resolver: Any, space: str = "") -> Iterator[tuple[str, str]]:
    """(name with its namespace, pattern) of every address."""
    for part in resolver.url_patterns:
        if isinstance(part, URLResolver):
            yield from patterns(part, f"{space}{part.namespace}:" if part.namespace else space)
        elif isinstance(part, URLPattern):
            yield f"{space}{part.name}", str(part.pattern)


def operations() -> dict[str, str]:
    """``GET rows/{row_id}`` of every operation of the OpenAPI document."""
    paths = docs.document()["paths"]
    return {f"{method.upper()} {path.removeprefix(V1)}": path for path, methods in paths.items() for method in methods}


def test_every_address_has_an_example() -> None:
    names = {name for name, _pattern in patterns(get_resolver())}
    pages = {name for name in names if not name.startswith("api:")}
    assert len(pages) > 50
    assert sorted(pages - set(PAGES)) == [], "addresses without an example in tests/scope/examples.py"
    assert sorted(set(PAGES) - pages) == [], "examples of addresses that are gone"
    assert sum(name.startswith("api:") for name in names) == len(operations()) + 1, "an operation is hidden from the OpenAPI document"


def test_every_operation_export_and_job_has_an_example() -> None:
    assert sorted(set(operations()) ^ set(API)) == []
    assert sorted(set(django_settings.EXPORT_KINDS) ^ set(EXPORTS)) == []
    assert sorted(set(django_settings.JOB_KINDS) ^ set(ARGUMENTS)) == []


def test_examples_of_objects_name_one() -> None:
    """An example that is to be 404 for strangers holds an id; a page whose pattern has a parameter is not given as a plain one."""
    wanted = dict(patterns(get_resolver()))
    for name, examples in PAGES.items():
        assert not ("int:" in wanted[name] and not any(example.kind or example.public for example in examples)), name
        assert all("{" in example.path for example in examples if example.kind), name


# who asks


def client_of(city: City, role: str) -> Client:
    client = Client()
    if role != "anonymous":
        client.force_login(city.users[role])
    return client


def with_key(city: City, role: str) -> Client:
    text = city.keys.get(role)
    if text is None:
        from datetime import UTC, datetime

        from shuangkong.apps.organisations.keys import create_key

        text = create_key(city.users[role], "试", ["read", "calculate", "import", "file"], 30, now=datetime.now(UTC)).text
        city.keys[role] = text
    return Client(headers={"Authorization": f"Bearer {text}"})


def filled(text: str, ids: dict[str, Any]) -> str | None:
    """The example's text with ids; None where this tag has no such object."""
    try:
        return text.format(**ids)
    except KeyError:
        return None


def asked(client: Client, example: Example, ids: dict[str, Any], prefix: str = "") -> Any:
    """The answer; a write is undone."""
    path = filled(example.path, ids)
    if path is None:
        return None
    options: dict[str, Any] = {"headers": {"HX-Request": "true"}} if example.htmx else {}
    if example.method == "GET":
        return client.get(prefix + path, **options)
    with transaction.atomic():
        if example.json:
            answer = client.generic(example.method, prefix + path, json.dumps(example.data), content_type="application/json")
        else:
            data = {name: filled(value, ids) if isinstance(value, str) else value for name, value in example.data.items()}
            if "known_on" in data:
                data["file"] = SimpleUploadedFile("a.xlsx", b"PK no workbook")
            answer = client.post(prefix + path, data)
        transaction.set_rollback(True)
    return answer


def walk(city: City, role: str, client: Client, examples: dict[str, list[tuple[str, Example]]], signed_out: int) -> str:
    """What is wrong in the answers to ``role``, a line each."""
    forbidden = city.forbidden(role)
    wrong = []
    for name, listed in examples.items():
        for prefix, example in listed:
            for tag in tags_for(example, role):
                answer = asked(client, example, city.ids[tag], prefix)
                if answer is None:
                    continue
                fault = judged(role, example, tag, answer, signed_out)
                text = said(answer)
                leaks = sorted(forbidden.found(text))
                if leaks:
                    fault = f"leaks {leaks[:6]}"
                elif not fault and example.shows and may_open(role, example.kind, tag) and mark(example.kind, tag) not in text:
                    fault = "the owner does not find the mark: the walk would not see it leak"
                if fault:
                    wrong.append(f"{role} {name} {example.method} {prefix}{filled(example.path, city.ids[tag])} ({tag}): {fault}")
    return "\n".join(wrong)


def tags_for(example: Example, role: str) -> list[str]:
    """Whose objects are put in: all of them where the address names one, a stranger's where it only filters.

    On PostgreSQL one of its own and a stranger's: who reads what is decided by conditions that know no engine, and all owners are tried
    on SQLite. What PostgreSQL can add is the statement itself, and another owner's id makes the same statement with another number.
    """
    if example.kind:
        mine = [tag for tag in OWNERS if may_open(role, example.kind, tag)]
        foreign = [tag for tag in OWNERS if tag not in mine]
        return [*mine, *foreign] if connection.vendor == "sqlite" else [*mine[:1], *foreign[:1]]
    return ["A"] if role == "other_county" else ["B"]


def judged(role: str, example: Example, tag: str, answer: Any, signed_out: int) -> str:
    """What is wrong with the status; empty when nothing is."""
    status = answer.status_code
    if status >= 500:
        return f"answers {status}"
    if role == "anonymous":
        led_away = status == signed_out and (status != 302 or urlsplit(answer["Location"]).path == "/accounts/login/")
        return "" if example.public or led_away else f"answers {status} to nobody"
    if example.kind and not may_open(role, example.kind, tag):
        return "" if status == 404 else f"foreign, answers {status}"
    if example.kind and example.method == "GET":
        return "" if status == 200 else f"own, answers {status}"
    return "" if status != 404 or not example.kind else "own, answers 404"


PAGE_EXAMPLES = {name: [("", example) for example in examples] for name, examples in PAGES.items()}
EXPORT_EXAMPLES = {f"export {kind}": [("", Example(path)) for path in paths] for kind, paths in EXPORTS.items()}
API_EXAMPLES = {name: [(f"{V1}{name.split()[1].partition('/')[0]}", example) for example in examples] for name, examples in API.items()}


@pytest.mark.parametrize("role", ROLES)
def test_pages_and_exports(city: City, role: str) -> None:
    assert walk(city, role, client_of(city, role), PAGE_EXAMPLES | EXPORT_EXAMPLES, signed_out=302) == ""


def test_the_api_by_session(city: City) -> None:
    listed = {n: [(p, replace(e, public=False)) for p, e in found] for n, found in API_EXAMPLES.items()}
    found = [walk(city, role, client_of(city, role), listed, signed_out=401) for role in ROLES]
    assert "\n".join(filter(None, found)) == ""


def test_the_api_by_key(city: City) -> None:
    found = [walk(city, role, with_key(city, role), API_EXAMPLES, signed_out=401) for role in SIGNED_IN]
    assert "\n".join(filter(None, found)) == ""


# jobs run with the reach of whom they belong to


@pytest.mark.parametrize("role", ["county", "reader", "administrator"])
def test_a_job_that_names_foreign_objects_reads_nothing(city: City, role: str) -> None:
    user, foreign = city.users[role], city.ids["B"]
    client = client_of(city, role)
    for kind in sorted(django_settings.JOB_KINDS):
        arguments = {**ARGUMENTS[kind](foreign, city.users["other_county"])}
        if "batch" in arguments:
            arguments["batch"] = foreign["batch"]
        job = Job.objects.create(owner=user, kind=kind, title="x", arguments=arguments)
        with_silence(lambda job=job: jobs.run(job.pk))
        ended = Job.objects.unscoped("test").get(pk=job.pk)
        texts = [said(client.get(f"/jobs/{job.pk}/")), said(client.get(f"{V1}jobs/{job.pk}"))]
        if ended.file_id:
            texts.append(said(client.get(f"/files/{ended.file_id}/")))
        assert city.forbidden(role).found("\n".join(texts)) == set(), kind
        reads_no_object = ("export", "import.undo", "recompute", "forecast", "filing.recompute")
        assert ended.state == "failed" or kind in reads_no_object, (kind, ended.message)


def with_silence(call: Any) -> None:
    """Runs ``call`` without the log of a failure that is expected."""
    import logging

    logging.disable(logging.CRITICAL)
    try:
        call()
    finally:
        logging.disable(logging.NOTSET)


def test_a_check_of_foreign_rows_tells_nothing_of_what_is_in_the_ledger(city: City, tmp_path: Any) -> None:
    rows = [kit.electricity_row(1, 地区="苏仙区", 期别="2026年9月"), kit.electricity_row(2, 地区="431003", 期别="2026年9月", 用电量=1)]
    path = kit.workbook(tmp_path / "x.xlsx", kit.ELECTRICITY, rows)
    checked = kit.check(path, city.users["county"], "electricity", kit.form(origin="reported", document=""))
    assert checked.result["counts"]["new"] == 0
    client = client_of(city, "county")
    texts = [said(client.get(f"/jobs/{checked.pk}/")), said(client.get(f"{V1}jobs/{checked.pk}"))]
    if checked.file_id:
        texts.append(said(client.get(f"/files/{checked.file_id}/")))
    assert len(texts) == 3
    assert city.forbidden("county").found("\n".join(texts)) == set()


# the walk itself can fail


def test_every_role_finds_its_own_marks(city: City) -> None:
    """So the marks really stand in pages: lists show them to their owners."""
    for tag, (role, _code) in OWNERS.items():
        pages = ("/data/", "/data/batches/", "/jobs/", "/inbox/", "/keys/", "/audit/")
        text = "".join(said(client_of(city, role).get(path)) for path in pages)
        for kind in ("ROW", "MARK", "OWN", "BOX", "KEY"):
            assert mark(kind, tag) in text or (kind, tag) == ("ROW", "D"), (role, kind)


def test_numbers_of_a_county_are_found_in_what_its_own_person_reads(city: City) -> None:
    places = ("/data/", "/counties/431003/", "/", f"{V1}rows", f"{V1}values?subjects=431003", "/data/export/rows/?format=xlsx")
    for address in places:
        own = said(client_of(city, "other_county").get(address))
        numbers = [found for found in city.forbidden("county").found(own) if "ZQX" not in found]
        assert numbers, f"the walk would not see the numbers at {address} leak"


def test_nobody_but_the_city_reads_everything() -> None:
    wide = [role for role, kinds in READABLE.items() if any(len(kinds.get(kind, ())) > 3 for kind in ("MARK", "OWN", "ROW"))]
    assert wide == ["city"]


#: What is broken → where the walk must see it.
BROKEN: dict[str, tuple[Any, tuple[str, ...]]] = {
    "rows": (Row, ("ledger:rows", "ledger:row", "export rows", "GET rows", "GET rows/{row_id}")),
    "batches": (Batch, ("ledger:batches", "ledger:batch", "export batches", "GET batches", "GET batches/{batch_id}")),
    "values": (
        Value,
        ("cockpit:county", "cockpit:explain", "indicators:indicator", "export indicator", "GET values", "GET values/{value_id}"),
    ),
    "measures": (ControlMeasure, ("measures:library",)),
    "plans of measures": (MeasurePlan, ("measures:plan",)),
    "targets": (
        Target, ("plan:plan", "targets:targets", "targets:target", "export targets", "GET targets", "GET targets/{target_id}"),
    ),
    "decompositions": (Decomposition, ("GET decompositions",)),
    "changes of targets": (TargetProposal, ("targets:targets", "targets:proposal")),
    "forecasts": (Forecast, ("forecast:forecasts", "forecast:forecast")),
    "reports": (Report, ("cockpit:report_list", "cockpit:report", "GET reports", "GET reports/{report_id}")),
    "jobs": (Job, ("desk:jobs", "desk:job", "desk:job_state", "GET jobs", "GET jobs/{job_id}")),
    "files": (StoredFile, ("desk:file",)),
    "inbox": (InboxItem, ("desk:inbox",)),
    "rules": (LocalRuleRow, ("rules:rule", "rules:confirm")),
    "keys": (ApiKey, ("organisations:keys", "organisations:key_revoke")),
    "devices": (Device, ("monitoring:devices", "monitoring:device")),
    "incidents": (Incident, ("monitoring:incidents", "monitoring:incident")),
    "points": (
        Point,
        (
            "monitoring:points", "monitoring:point", "monitoring:value", "export points", "export readings", "GET points",
            "GET points/{point_id}",
        ),
    ),
    "outages": (Outage, ("monitoring:outages", "monitoring:outage", "export outages")),
    "duties to connect": (ConnectionDuty, ("monitoring:coverage", "export coverage")),
    "findings of quality": (QualityFinding, ("monitoring:findings", "monitoring:finding", "export quality_findings")),
    "meters": (Meter, ("monitoring:meters", "monitoring:meter")),
}


def test_the_walk_sees_every_broken_selector(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each scope is opened for everybody, one at a time; the walk must complain at each place that reads it."""
    everything = PAGE_EXAMPLES | EXPORT_EXAMPLES | API_EXAMPLES
    client = client_of(city, "reader")
    for what, (model, places) in BROKEN.items():
        with monkeypatch.context() as broken:
            broken.setattr(model, "scope_q", classmethod(lambda cls, user: Q()))
            for place in places:
                assert walk(city, "reader", client, {place: everything[place]}, signed_out=302) != "", (what, place)
    with monkeypatch.context() as broken:
        broken.setattr("shuangkong.apps.audit.models.EntryQuerySet.visible_to", lambda self, user: self.all())
        for place in ("audit:entries", "audit:entry"):
            assert "leaks" in walk(city, "reader", client, {place: everything[place]}, signed_out=302), place
