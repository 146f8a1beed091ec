"""A form and a filing as JSON: what the grid in the browser, the API and other programs read and write. Stable; ``docs`` name the keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shuangkong.apps.filing import selectors
from shuangkong.apps.filing.checking import Examined, Finding, examine, finding_key
from shuangkong.apps.filing.models import Filing, Round
from shuangkong.apps.filing.permissions import may_file
from shuangkong.apps.filing.services.offers import offered
from shuangkong.core.forms import Column, Form, Line, Table, compute, period_before


def form_json(form: Form) -> dict[str, Any]:
    """The definition: tables with their columns and lines, and what the form rests on."""
    basis = form.legal_basis
    return {
        "id": form.id,
        "edition": form.edition,
        "title": form.title,
        "about": form.about,
        "period_kind": form.period_kind,
        "respondent": form.respondent,
        "review": list(form.review),
        "departments": list(form.departments),
        "use": form.use,
        "deadline": {"days": form.deadline.days, "counted": form.deadline.counted},
        "legal_basis": {"number": basis.number, "locator": basis.locator, "evidence": basis.evidence},
        "applies_from": form.applies_from.isoformat(),
        "applies_to": form.applies_to.isoformat() if form.applies_to else None,
        "tables": [_table(table) for table in form.tables],
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "key": table.key,
        "title": table.title,
        "shape": table.shape,
        "note": table.note,
        "columns": [_column(column) for column in table.columns],
        "lines": [_line(table, line) for line in table.lines],
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "key": column.key,
        "title": column.title,
        "unit": column.unit,
        "kind": column.kind,
        "required": column.required,
        "choices": list(column.choices),
        "decimals": column.decimals,
        "hint": column.hint,
        "signed": column.signed,
    }


def _line(table: Table, line: Line) -> dict[str, Any]:
    return {
        "key": line.key,
        "title": line.title,
        "code": line.code,
        "level": line.level,
        "unit": line.unit,
        "required": line.required,
        "sum_of": [[part, sign] for part, sign in line.sum_of],
        "not_applicable": [column.key for column in table.columns if not table.applies(line, column)],
    }


def finding_json(finding: Finding, explanations: Mapping[str, str]) -> dict[str, Any]:
    """A finding with the key under which its explanation is kept."""
    key = finding_key(finding)
    return {
        "check": finding.check,
        "severity": finding.severity,
        "addresses": list(finding.addresses),
        "saw": finding.saw,
        "why_odd": finding.why_odd,
        "settle": finding.settle,
        "key": key,
        "explanation": explanations.get(key, ""),
    }


def findings_json(findings: Iterable[Finding], explanations: Mapping[str, str]) -> list[dict[str, Any]]:
    """Several of them."""
    return [finding_json(finding, explanations) for finding in findings]


def filing_json(filing: Filing) -> dict[str, Any]:
    """Where a filing stands, without its cells."""
    return {
        "id": filing.pk,
        "form": filing.form_id,
        "edition": filing.edition,
        "title": filing.title,
        "subject": {"code": filing.subject.code, "name": filing.subject.name},
        "period": {"code": filing.period.code, "label": filing.period.label},
        "version": filing.version,
        "round": filing.round,
        "state": filing.state,
        "state_label": str(filing.get_state_display()),
        "level": filing.level,
        "due_on": filing.due_on.isoformat(),
        "revision": filing.draft_revision,
        "demonstration": filing.demonstration,
    }


def sheet_json(filing: Filing, user: Any) -> dict[str, Any]:
    """All that the grid needs of a filing, as far as the person may see it."""
    cells = selectors.cells_shown(filing, user)
    editable = filing.open and may_file(filing, user)
    examined = examine(filing, cells) if editable else None
    previous, year_ago = selectors.beside_cells(filing, user)
    before = period_before(filing.form, filing.period)
    return {
        "filing": filing_json(filing),
        "definition": form_json(filing.form),
        "cells": cells,
        "computed": _computed(filing.form, examined.cells if examined else compute(filing.form, cells)),
        "previous": {"period": before.label if before else "", "cells": previous},
        "year_ago": {"period": filing.period.year_before().label, "cells": year_ago},
        "findings": _findings(filing, user, examined),
        "explanations": filing.explanations if editable else {},
        "revision": filing.draft_revision,
        "editable": editable,
        "allowed": list(offered(filing, user)),
        "returned": _returned(filing, user),
    }


def answer_json(filing: Filing) -> dict[str, Any]:
    """The answer to a save: the new revision, the sums, and what is found now."""
    examined = examine(filing, filing.draft)
    return {
        "revision": filing.draft_revision,
        "state": filing.state,
        "computed": _computed(filing.form, examined.cells),
        "findings": findings_json(examined.findings, filing.explanations),
    }


def _computed(form: Form, cells: Mapping[str, str]) -> dict[str, str]:
    return {
        address: cells[address] for address, table, line, column in form.fixed_cells() if table.computed(line, column) and address in cells
    }


def _findings(filing: Filing, user: Any, examined: Examined | None) -> list[dict[str, Any]]:
    if examined is not None:
        return findings_json(examined.findings, filing.explanations)
    made = selectors.rounds_of(filing, user).order_by("-number").first()
    return [_kept(found) for found in selectors.findings_of(made, user)] if made else []


def _kept(found: Any) -> dict[str, Any]:
    return {
        "check": found.check_number,
        "severity": found.severity,
        "addresses": found.addresses,
        "saw": found.saw,
        "why_odd": found.why_odd,
        "settle": found.settle,
        "key": f"{found.check_number}:{','.join(found.addresses)}",
        "explanation": found.explanation,
    }


def _returned(filing: Filing, user: Any) -> dict[str, Any] | None:
    if filing.state != Filing.State.RETURNED:
        return None
    made = selectors.rounds_of(filing, user).filter(outcome=Round.Outcome.RETURNED).order_by("-number").first()
    if made is None:
        return None
    by = made.reviewed_by.display_name if made.reviewed_by else ""
    return {"reason": made.reason, "pointed": made.pointed, "by": by, "at": made.reviewed_at.isoformat(), "round": made.number}
