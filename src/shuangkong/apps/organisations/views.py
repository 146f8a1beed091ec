"""The page of a person's keys: parse, call, render."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from shuangkong.apps.organisations import keys as services
from shuangkong.apps.organisations.forms import KeyForm
from shuangkong.apps.organisations.models import ApiKey
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
