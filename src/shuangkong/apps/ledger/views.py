"""The data browser: parse the address, read, render."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from shuangkong.apps.audit.services import record_read
from shuangkong.apps.ledger import browsing
from shuangkong.apps.ledger.forms import RowFilterForm
from shuangkong.apps.ledger.words import Words
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.apps.ui.tables import Column, chips, table

COLUMNS = (
    Column(_("地方")),
    Column(_("指标")),
    Column(_("期别"), "period_end"),
    Column(_("填报数"), numeric=True),
    Column(_("基本量"), "quantity", numeric=True),
    Column(_("来源、版次")),
    Column(_("批次")),
    Column(_("何时所知"), "known_on", numeric=True, hide="m"),
)


@login_required
@require_safe
def rows(request: HttpRequest) -> HttpResponse:
    """Accepted rows, at most fifty on a page; every filter stands in the address."""
    words = Words(current_rulebook())
    form = RowFilterForm(request.GET, words=words)
    filters = form.filters()
    shown = table(request, browsing.filtered(request.user, filters, form.subjects), COLUMNS, "-period_end")
    context = {
        "form": form,
        "words": words,
        "table": shown,
        "chips": chips(request.GET, form.in_words(filters)),
        "batches": browsing.visible_batches(request.user, list(shown.page.object_list)),
    }
    return render(request, "ledger/rows.html", context)


@login_required
@require_safe
def row(request: HttpRequest, pk: int) -> HttpResponse:
    """One row with its corrections and its batch; what one may not see is 404."""
    page = browsing.row_page(request.user, pk)
    if page is None:
        raise Http404
    record_read(request.user, page.version.row.subject, "ledger.row", origin=request.META.get("REMOTE_ADDR", ""))
    return render(request, "ledger/row.html", {"page": page, "row": page.version.row, "words": Words(current_rulebook())})
