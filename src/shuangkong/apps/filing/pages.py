"""The page of one filing, shown by who reads it and, with what went wrong, by who acts on it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy

from shuangkong.apps.filing import contract, grid_page, selectors
from shuangkong.apps.filing.models import Filing
from shuangkong.apps.filing.permissions import level_words
from shuangkong.apps.filing.sheet import sheet
from shuangkong.core.errors import InputError
from shuangkong.core.forms import read_cells

#: Verbs that a page offers as buttons, in their order, with their words.
WORDS = {
    "submit": gettext_lazy("提交"),
    "start_review": gettext_lazy("开始审核"),
    "accept": gettext_lazy("通过"),
    "return": gettext_lazy("退回"),
    "lock": gettext_lazy("锁定"),
    "ask_unlock": gettext_lazy("申请解锁"),
    "unlock": gettext_lazy("同意解锁"),
    "refuse_unlock": gettext_lazy("不同意解锁"),
    "correct": gettext_lazy("更正"),
}
#: Those that ask for a reason.
WITH_REASON = ("return", "ask_unlock", "correct")


def filing_or_404(request: HttpRequest, pk: int) -> Filing:
    """A filing that the reader may see; anything else is not found."""
    found = selectors.filing_of(request.user, pk)
    if found is None:
        raise Http404
    return found


def filing_page(request: HttpRequest, found: Filing, problem: InputError | None = None, status: int = 200) -> HttpResponse:
    """The page of a filing, with what went wrong."""
    told = contract.sheet_json(found, request.user)
    definition = found.form
    chosen = definition.table(request.GET.get("table", "")) or definition.tables[0]
    context = {
        "filing": found,
        "told": told,
        "sheet": sheet(definition, chosen, told),
        **_grid(found, told, request.user),
        "level": level_words(found.level),
        "acts": [(verb, word) for verb, word in WORDS.items() if verb in told["allowed"]],
        "reasons": WITH_REASON,
        "problem": problem,
        "theirs": getattr(problem, "theirs", {}),
    }
    plain = "plain" in request.GET or "table" in request.GET
    return render(request, "filing/filing.html" if plain else "filing/sheet.html", context, status=status)


def _grid(found: Filing, told: dict[str, Any], user: Any) -> dict[str, Any]:
    """What the page with the grid shows beside the cells."""
    rounds = list(selectors.rounds_of(found, user))
    versions = grid_page.versions_of(found, user)
    grid = grid_page.beside(found, told, rounds, versions, user)
    now = read_cells(found.form, told["cells"]).cells
    return {
        "rounds": rounds, "versions": versions, "grid": grid, "differences": grid_page.differences(found.form, grid["before"], now),
        "despite_needed": selectors.missing_beside(found) if found.form.review and found.level == found.form.review[-1] else [],
    }  # fmt: skip
