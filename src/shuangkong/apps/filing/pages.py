"""The page of one filing, shown by who reads it and, with what went wrong, by who acts on it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy

from shuangkong.apps.filing import contract, selectors
from shuangkong.apps.filing.models import Filing
from shuangkong.apps.filing.permissions import level_words
from shuangkong.apps.filing.sheet import sheet
from shuangkong.core.errors import InputError

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
        "rounds": selectors.rounds_of(found, request.user),
        "level": level_words(found.level),
        "acts": [(verb, word) for verb, word in WORDS.items() if verb in told["allowed"]],
        "reasons": WITH_REASON,
        "problem": problem,
        "theirs": getattr(problem, "theirs", {}),
    }
    return render(request, "filing/filing.html", context, status=status)
