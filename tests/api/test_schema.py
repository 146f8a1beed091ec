"""Every operation of the OpenAPI document is called with generated input: nothing is a fault of ours, every problem has its shape."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from shuangkong.apps.organisations.keys import NewKey
from shuangkong.project.wsgi import application

EXAMPLES = 5
CHECKS = [schemathesis.checks.not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture
def quiet() -> Iterator[None]:
    """Refused calls are expected here."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def open_connection() -> Iterator[None]:
    """Calls go to the real WSGI entry, which drops a connection inside the test's transaction; Django's own client does the same."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.django_db
def test_generated_calls_find_no_fault(
    users: dict[str, Any], new_key: Callable[..., NewKey], monkeypatch: pytest.MonkeyPatch, quiet: None, open_connection: None
) -> None:
    monkeypatch.setattr("shuangkong.project.api.access.CallerThrottle.allow_request", lambda self, request: True)
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    headers = {"Authorization": f"Bearer {new_key(users['city']).text}"}
    called = []
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def call(case: Any) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS)

        call()
        called.append(operation.label)
    assert len(called) > 25
