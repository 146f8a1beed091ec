"""A log with a chain to tamper with, and the hands of one who can write the database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction


@pytest.fixture
def anchors_path(settings: Any) -> Path:
    return settings.ANCHORS


@pytest.fixture
def write_entries(transactional_db: None) -> Callable[..., list[int]]:
    """Write entries, each in a transaction of its own; returns their ids."""
    from shuangkong.apps.audit.services import record
    from shuangkong.apps.organisations.models import User

    def write(count: int, actor: Any = None) -> list[int]:
        ids = []
        for number in range(count):
            with transaction.atomic():
                ids.append(record("organisations.user.change", User, actor=actor, before={"n": number}, after={"n": number + 1}).pk)
        return ids

    return write


@pytest.fixture
def seal(anchors_path: Path) -> Callable[[], int]:
    """Seal until nothing is left; returns the number of steps that did something."""
    from shuangkong.apps.audit.sealer import seal_step

    def all_steps() -> int:
        steps = 0
        while seal_step(anchors_path):
            steps += 1
        return steps

    return all_steps


@pytest.fixture
def tamper() -> Callable[..., None]:
    """Run SQL as one who owns the database: triggers off, the statements, triggers on again."""
    from shuangkong.apps.audit import triggers
    from shuangkong.project.audit_command import guards

    def run(*statements: str) -> None:
        triggers.drop(connection, guards())
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        triggers.lay(connection, guards())

    return run


@pytest.fixture
def kinds(anchors_path: Path) -> Callable[..., list[str]]:
    """What verify finds, as kinds and places."""
    from django.utils import timezone

    from shuangkong.project.audit_command import findings

    def found(anchors: Path = anchors_path) -> list[str]:
        return [f"{finding.kind} {finding.where}" for finding in findings(anchors, timezone.now())[0]]

    return found
