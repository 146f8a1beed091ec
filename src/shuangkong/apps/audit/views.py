"""The audit page: the log with its filters, and one entry with its block."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shuangkong.apps.audit import selectors
from shuangkong.apps.audit.forms import FilterForm
from shuangkong.apps.audit.words import action_words
from shuangkong.apps.ui.tables import chips


@login_required
@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """The newest entries that the reader may see, at most fifty on a page."""
    form = FilterForm(request.GET)
    filters = form.filters()
    shown = [
        ("who", _("谁"), filters.who),
        ("what", _("做了什么"), action_words(filters.what.rstrip("."))),
        ("since", _("从"), filters.since),
        ("until", _("到"), filters.until),
        ("kind", _("对象种类"), filters.kind),
        ("id", _("对象编号"), filters.id),
    ]
    context = {
        "form": form,
        "page": selectors.entries_page(request.user, filters),
        "chips": chips(request.GET, shown),
        "head": selectors.newest_head(),
        "paged": filters.before is not None,
    }
    return render(request, "audit/entries.html", context)


@login_required
@require_safe
def entry(request: HttpRequest, entry_id: int) -> HttpResponse:
    """One entry: who, when, from what to what, and the block that holds it. What one may not see is 404."""
    line = selectors.entry_line(request.user, entry_id)
    if line is None:
        raise Http404
    return render(request, "audit/entry.html", {"line": line})
