"""Pages across many filings: who has filed, with reminders; receipts and their check."""

from __future__ import annotations

import json
import re
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shuangkong.apps.filing import matrix, receipts
from shuangkong.apps.filing.models import Round
from shuangkong.apps.filing.services import due
from shuangkong.apps.ui.tables import Column, chips, table
from shuangkong.core.errors import InputError
from shuangkong.core.forms import Form
from shuangkong.core.periods import Period

_UNIT_COLUMN = (Column(gettext_lazy("单位")),)
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
_LEGEND = ("not_filed", "draft", "submitted", "under_review", "returned", "accepted", "locked", "overdue")
_FILE_BYTES = 2 * 1024 * 1024


def _year(request: HttpRequest) -> int:
    text = request.GET.get("year", "")
    this: int = request.today.year  # type: ignore[attr-defined]
    return int(text) if re.fullmatch(r"\d{4}", text, re.ASCII) and _FIRST_YEAR <= int(text) <= _LAST_YEAR else this


def _form(request: HttpRequest, known: list[Form]) -> Form | None:
    asked = request.GET.get("form", "")
    return next((form for form in known if form.id == asked), known[0] if known else None)


@login_required
@require_safe
def who_filed(request: HttpRequest) -> HttpResponse:
    """Units × periods of a form and year, at most fifty units on a page, with the rates of every period over all units."""
    known, year, words = matrix.forms_of(request.user), _year(request), request.GET.get("q", "").strip()[:60]
    form = _form(request, known)
    context: dict[str, Any] = {"forms": known, "form": form, "year": year, "years": range(year - 2, year + 2), "words": words}
    if form is not None:
        today = request.today  # type: ignore[attr-defined]
        shown = matrix.periods(form, year)
        columns, total = matrix.columns(request.user, form, shown, today, year, words)
        units = table(request, matrix.Units(matrix.units(request.user, form, year, words), total), _UNIT_COLUMN)
        context |= {
            "table": units, "columns": columns,
            "rows": matrix.rows(request.user, form, shown, list(units.page.object_list), today),
            "chips": chips(request.GET, [("q", _("单位"), words)]), "may_remind": matrix.may_remind(request.user),
            "legend": _LEGEND,
        }  # fmt: skip
    return render(request, "filing/matrix.html", context)


@login_required
@require_POST
def remind(request: HttpRequest) -> HttpResponse:
    """Reminds the chosen units, or all, that have not filed a period."""
    form = next((form for form in matrix.forms_of(request.user) if form.id == request.POST.get("form", "")), None)
    if form is None:
        raise Http404
    period = Period.parse(request.POST.get("period", ""))
    chosen = [int(text) for text in request.POST.getlist("unit") if text.isascii() and text.isdigit() and len(text) < 12]
    everybody = request.POST.get("all") == "1"
    if not chosen and not everybody:
        raise InputError(_("没有选单位"), do=_("勾选要催的单位，或点“催全部未报”"))
    asked = due.remind(request.user, form, period, None if everybody else chosen, request.today)  # type: ignore[attr-defined]
    said = _("已提醒 {n} 人").format(n=asked.reminded)
    if asked.already:
        said += _("；{n} 人今天已经提醒过，不重复").format(n=asked.already)
    if asked.nobody:
        said += _("；没有账号可提醒：{names}").format(names="、".join(asked.nobody[:10]))
    messages.success(request, said)
    return redirect(f"/filings/matrix/?form={form.id}&year={period.start.year}")


# receipts


def _round_or_404(request: HttpRequest, number: str) -> Round:
    pk = number.partition("-")[0]
    found = None
    if pk.isascii() and pk.isdigit() and len(pk) < 12:
        rounds = Round.objects.visible_to(request.user).select_related("filing", "filing__subject", "submitted_by")
        found = rounds.filter(pk=int(pk)).first()
    if found is None:
        raise Http404
    return found


@login_required
@require_safe
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """The receipt of one submission, to print or to keep as a file."""
    made = receipts.receipt_of(_round_or_404(request, number))
    if request.GET.get("format") == "json":
        answer = JsonResponse(receipts.as_file(made), json_dumps_params={"ensure_ascii": False, "indent": 1})
        answer["Content-Disposition"] = f'attachment; filename="receipt-{made.number}.json"'
        return answer
    return render(request, "filing/receipt.html", {"receipt": made, "filing": made.round.filing, "faults": receipts.check(made)})


class CheckForm(django_forms.Form):
    """The receipt in one's hand: its file, or number, SM3 and block head as printed."""

    file = django_forms.FileField(
        label=gettext_lazy("回执文件"), required=False, widget=django_forms.FileInput({"class": "form-control", "accept": ".json"})
    )
    number = django_forms.CharField(
        label=gettext_lazy("回执号"), required=False, max_length=30, widget=django_forms.TextInput({"class": "form-control"})
    )
    sm3 = django_forms.CharField(
        label=gettext_lazy("SM3"), required=False, max_length=80, widget=django_forms.TextInput({"class": "form-control mono"})
    )
    block = django_forms.IntegerField(
        label=gettext_lazy("块号"), required=False, min_value=1, widget=django_forms.NumberInput({"class": "form-control"})
    )
    head = django_forms.CharField(
        label=gettext_lazy("块头"), required=False, max_length=80, widget=django_forms.TextInput({"class": "form-control mono"})
    )

    def held(self) -> dict[str, Any]:
        """The receipt as the check takes it.

        Raises:
            InputError: no file of a receipt, or neither file nor number.
        """
        given = self.cleaned_data
        if given["file"]:
            return read_receipt(given["file"].read(_FILE_BYTES + 1))
        if not given["number"] or not given["sm3"]:
            raise InputError(_("没有给出回执"), do=_("选择回执文件，或抄写回执号与SM3"))
        block = {"number": given["block"], "head": given["head"].strip()} if given["block"] else None
        return {"number": given["number"].strip(), "sm3": "".join(given["sm3"].split()), "block": block}


def read_receipt(content: bytes) -> dict[str, Any]:
    """The receipt in a file.

    Raises:
        InputError: too large, or no receipt.
    """
    try:
        if len(content) > _FILE_BYTES:
            raise ValueError
        held = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(_("这不是回执文件"), do=_("选择从回执页下载的 JSON 文件")) from error
    if not isinstance(held, dict) or held.get("receipt") != receipts.MARK or not isinstance(held.get("number"), str):
        raise InputError(_("这不是回执文件"), do=_("选择从回执页下载的 JSON 文件"))
    return held


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def check_receipt(request: HttpRequest) -> HttpResponse:
    """Checks a receipt against what is stored; one of others is not found."""
    form = CheckForm(request.POST, request.FILES) if request.method == "POST" else CheckForm()
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        try:
            held = form.held()
            made = receipts.receipt_of(_round_or_404(request, held["number"]))
            context |= {"receipt": made, "faults": receipts.check(made, held), "checked": True}
        except InputError as error:
            context["problem"] = error
        except Http404:
            context["problem"] = InputError(_("没有这张回执，或不在您可查看的范围"), do=_("核对回执号"))
    return render(request, "filing/check_receipt.html", context, status=400 if context.get("problem") else 200)
