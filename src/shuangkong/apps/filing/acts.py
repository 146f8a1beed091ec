"""What one can do to a filing from a page: save, and the moves of the state machine. Parse, call one service, redirect."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from shuangkong.apps.desk.services.states import Outdone
from shuangkong.apps.filing import contract, selectors, services
from shuangkong.apps.filing.checking import BLOCKS
from shuangkong.apps.filing.models import Filing
from shuangkong.apps.filing.pages import WORDS, filing_or_404, filing_page
from shuangkong.apps.filing.services import upload as uploading
from shuangkong.apps.filing.waiting import tell, tell_unlocking
from shuangkong.core.errors import InputError

CONFLICT = 409


def _status(error: InputError) -> int:
    return CONFLICT if isinstance(error, services.DraftConflict | Outdone) else 400


def _seen(request: HttpRequest) -> str:
    return request.POST.get("round", "").strip()


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").strip()


def _correct(filing: Filing, request: HttpRequest) -> Filing:
    return services.correct(filing, request.user, _reason(request))


def _submit(filing: Filing, request: HttpRequest) -> None:
    services.submit(filing, request.user, now=request.now)


def _start(filing: Filing, request: HttpRequest) -> None:
    services.require_seen(filing, _seen(request))
    services.start_review(filing, request.user)


def _accept(filing: Filing, request: HttpRequest) -> None:
    services.require_seen(filing, _seen(request))
    services.accept(filing, request.user, now=request.now, despite=_reason(request))


def _return(filing: Filing, request: HttpRequest) -> None:
    services.require_seen(filing, _seen(request))
    services.return_(filing, request.user, _reason(request), request.POST.getlist("pointed"), now=request.now)


ACTS: dict[str, Callable[[Filing, Any], Any]] = {
    "submit": _submit,
    "start_review": _start,
    "accept": _accept,
    "return": _return,
    "lock": lambda filing, request: services.lock(filing, request.user),
    "ask_unlock": lambda filing, request: services.ask_unlock(filing, request.user, _reason(request), now=request.now),
    "unlock": lambda filing, request: services.confirm_unlock(filing, request.user, now=request.now),
    "refuse_unlock": lambda filing, request: services.refuse_unlock(filing, request.user, now=request.now),
    "correct": _correct,
}


@login_required
@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """One move; what went wrong is said on the page of the filing."""
    if verb not in ACTS:
        raise Http404
    found = filing_or_404(request, pk)
    try:
        made = ACTS[verb](found, request)
    except InputError as error:
        return _problem(request, pk, error)
    messages.success(request, _("{filing}：{verb}").format(filing=found, verb=WORDS[verb]))
    target = made if isinstance(made, Filing) else found
    tell([found, target], request.today)
    if verb in {"ask_unlock", "unlock", "refuse_unlock"}:
        tell_unlocking(found, request.today)
    return redirect("filing:filing", target.pk)


def _problem(request: HttpRequest, pk: int, error: InputError) -> HttpResponse:
    return filing_page(request, filing_or_404(request, pk), error, _status(error))


@login_required
@require_POST
def save(request: HttpRequest, pk: int) -> HttpResponse:
    """The plain form: the cells of one table, each under its address, and the explanations under ``why:`` and their key."""
    found = filing_or_404(request, pk)
    typed = {name: text for name, text in request.POST.items() if name.count(".") == 2}
    words = {name.removeprefix("why:"): text for name, text in request.POST.items() if name.startswith("why:")}
    revision = request.POST.get("revision", "")
    try:
        started = int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 10 else 0
        services.save_draft(found, typed, started, request.user, now=request.now, explanations=words)
        if request.POST.get("do") == "submit":
            services.submit(found, request.user, now=request.now)
            tell([found], request.today)
    except InputError as error:
        return _problem(request, pk, error)
    messages.success(request, _("已提交") if request.POST.get("do") == "submit" else _("草稿已保存"))
    return redirect(f"{reverse('filing:filing', args=[pk])}?{request.GET.urlencode()}")


@login_required
@require_POST
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """A filled-in workbook into the draft; with faults the page says so and leads to the workbook with the faults marked."""
    found = filing_or_404(request, pk)
    given = request.FILES.get("file")
    try:
        if given is None:
            raise InputError(_("没有选择文件"), do=_("选择填好的工作簿"))
        done = uploading.upload(found, given.name, given.chunks(), request.user, now=request.now)
    except InputError as error:
        return _problem(request, pk, error)
    wrong = len(done.examined.of(BLOCKS))
    if wrong:
        messages.error(request, _("已读入草稿，有 {n} 处须先改正").format(n=wrong))
    else:
        messages.success(request, _("已读入草稿"))
    if done.marked is not None:
        messages.info(request, _("标注了问题的工作簿：{address}").format(address=reverse("desk:file", args=[done.marked.pk])))
    return redirect("filing:filing", pk)


def save_json(request: HttpRequest, found: Filing) -> JsonResponse:
    """``{"revision": 3, "cells": {address: text or null}, "explanations": {key: words}}`` laid over the draft."""
    try:
        asked = json.loads(request.body or b"{}")
        cells, revision, words = asked.get("cells", {}), asked.get("revision", 0), asked.get("explanations", {})
        _require_shape(cells, revision, words)
    except (ValueError, AttributeError, RecursionError):
        return _refusal(InputError(_("请求读不懂"), why=_("正文不是所要求的格式"), do=_("刷新页面再试")), 400)
    try:
        services.save_draft(found, cells, revision, request.user, now=request.now, explanations=words)
    except InputError as error:
        return _refusal(error, _status(error))
    return JsonResponse(contract.answer_json(found), json_dumps_params={"ensure_ascii": False})


def _require_shape(cells: Any, revision: Any, words: Any) -> None:
    texts = [*cells.keys(), *(text for text in cells.values() if text is not None), *words.keys(), *words.values()]
    if type(revision) is not int or not all(isinstance(text, str) for text in texts):
        raise ValueError


def _refusal(error: InputError, status: int) -> JsonResponse:
    body = {**error.as_dict(), **getattr(error, "details", {})}
    return JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})


@login_required
@require_POST
def accept_selected(request: HttpRequest) -> HttpResponse:
    """Accepts the chosen filings of the review list in one go; says which could not be accepted and why.

    Each is named with the round that the list showed: ``<id>-<round>``.
    """
    parts = [chosen.partition("-") for chosen in request.POST.getlist("filing")[:500]]
    seen = {int(pk): shown for pk, _dash, shown in parts if pk.isascii() and pk.isdigit() and len(pk) < 19}
    chosen = list(selectors.filings_of(request.user).select_related("subject__county").filter(pk__in=seen))
    bulk = services.accept_many(chosen, request.user, now=request.now, despite=_reason(request), seen=seen)
    tell(bulk.accepted, request.today)
    if bulk.accepted:
        messages.success(request, _("通过 {n} 份").format(n=len(bulk.accepted)))
    for _filing, error in bulk.refused[:20]:
        messages.error(request, str(error))
    return redirect("filing:review")
