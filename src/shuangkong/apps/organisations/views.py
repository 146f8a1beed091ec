"""The pages of a person's keys and of the accounts: parse, call, render."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from shuangkong.apps.organisations import keys as services
from shuangkong.apps.organisations import people as accounts
from shuangkong.apps.organisations.forms import KeyForm, PersonForm
from shuangkong.apps.organisations.models import ApiKey, User
from shuangkong.apps.organisations.services import SignIn
from shuangkong.core.errors import InputError


def _origin(request: HttpRequest) -> str:
    return request.META.get("REMOTE_ADDR", "")


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: HttpRequest) -> HttpResponse:
    """One's keys and the form for a new one; its text is shown in the answer that makes it and never again."""
    form = KeyForm(request.POST or None)
    context = {"form": form, "made": None, "problem": None}
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                asked = form.cleaned_data
                made = services.create_key(
                    request.user, asked["name"], asked["scopes"], asked["days"], now=request.now, origin=_origin(request)
                )
                context, status = {**context, "form": KeyForm(), "made": made}, 200
            except InputError as error:
                context["problem"] = error
    listed = [(key, key.usable(request.now)) for key in ApiKey.objects.visible_to(request.user).select_related("owner")[:200]]
    return render(request, "organisations/keys.html", {**context, "keys": listed}, status=status)


@login_required
@require_POST
def revoke(request: HttpRequest, key_id: int) -> HttpResponse:
    """Ends a key; what one may not see is 404."""
    if not ApiKey.objects.visible_to(request.user).filter(pk=key_id).exists():
        raise Http404
    services.revoke_key(key_id, request.user, now=request.now, origin=_origin(request))
    return redirect("organisations:keys")


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """All accounts, for administrators: open one, renew a password, close and reopen. A password is shown in one answer only."""
    if request.user.role != User.Role.ADMINISTRATOR:
        raise PermissionDenied(_("账号由系统管理员管理"))
    asked = request.POST.get("do", "")
    form = PersonForm(request.POST if asked == "open" else None)
    made, problem = None, None
    try:
        if asked == "open" and form.is_valid():
            made, form = _opened(form.cleaned_data, request.user), PersonForm()
        elif asked in ("renew", "close", "reopen"):
            made = _changed(asked, request.POST.get("person", ""), request.user)
    except InputError as error:
        problem = error
    listed = User.objects.select_related("subject", "department").order_by("-is_active", "role", "username")
    failed = problem is not None or (asked == "open" and made is None)
    context = {"form": form, "made": made, "problem": problem, "people": listed}
    return render(request, "organisations/people.html", context, status=400 if failed else 200)


def _opened(given: dict[str, Any], actor: User) -> SignIn:
    return accounts.open_account(
        given["username"], given["name"], given["role"], subject=given["subject"], department=given["department"], actor=actor
    )


def _changed(asked: str, person: str, actor: User) -> SignIn | None:
    person_id = int(person) if person.isascii() and person.isdigit() and len(person) < 10 else 0
    if asked == "renew":
        return accounts.renew_password(person_id, actor)
    accounts.set_open(person_id, asked == "reopen", actor)
    return None
