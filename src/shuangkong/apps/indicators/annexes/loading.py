"""Rows of annex tables that come with a pack, by code, name or number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shuangkong.apps.indicators.annexes import lines
from shuangkong.apps.indicators.annexes.lines import Saying
from shuangkong.apps.indicators.annexes.sink import put_sayings
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.organisations.services import Change
from shuangkong.apps.plans.models import Action, Plan


def put_annex_rows(rows: Iterable[Mapping[str, Any]], *, document: str, demonstration: bool, origin: str = "") -> Change:
    """Put rows in place; what stands already is not touched. A row has ``plan``, ``annex``, and what its table asks: ``action``, ``main``
    and ``details``; ``indicator``, ``region`` and ``number``; or ``name``, ``unit``, ``base``, ``number`` and ``industry``."""
    plans = {plan.code: plan for plan in Plan.objects.select_related("subject")}
    subjects = dict(Subject.objects.values_list("code", "id"))
    actions = {(plan, number): pk for plan, number, pk in Action.objects.values_list("plan__code", "number", "id")}
    said: dict[tuple[str, int], list[Saying]] = {}
    for row in rows:
        plan = plans[row["plan"]]
        said.setdefault((plan.code, row["annex"]), []).append(_saying(row, plan, subjects, actions))
    change = Change()
    for (code, annex), sayings in said.items():
        change += put_sayings(plans[code], annex, sayings, document=document, demonstration=demonstration, origin=origin)
    return change


def _saying(row: Mapping[str, Any], plan: Plan, subjects: Mapping[str, int], actions: Mapping[tuple[str, int], int]) -> Saying:
    if "main" in row:
        name, unit, fields = lines.read_main(row["main"])
        fields |= {"details": dict(row["details"]), "shape": lines.shape_of_named(name, unit)}
        return Saying(lines.named_code(name, unit), name, unit, plan.subject_id, actions[plan.code, row["action"]], "", fields)
    if "indicator" in row:
        return Saying(row["indicator"], "", "", subjects[row["region"]], None, "", {"number": row["number"], "words": ""})
    name, unit = row["name"], row["unit"]
    fields = {"number": row["number"], "words": "", "base_value": row["base"], "shape": lines.shape_of_named(name, unit)}
    return Saying(lines.named_code(name, unit), name, unit, plan.subject_id, None, row["industry"], fields)
