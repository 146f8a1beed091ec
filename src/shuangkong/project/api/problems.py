"""Every problem of the API in one shape: what, where, why, do."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from shuangkong.apps.desk.services.states import Outdone
from shuangkong.apps.filing.services import DraftConflict
from shuangkong.calculators.runner import error_dict
from shuangkong.core.errors import NotInForce, ShuangkongError

log = logging.getLogger(__name__)
_SHOWN = 3


def problem(status: int, what: str, *, where: str = "", why: str = "", do: str = "", **more: Any) -> JsonResponse:
    """A problem as JSON, marked in the demonstration."""
    body = {"what": what, "where": where, "why": why, "do": do, **more, "demonstration": settings.DEMONSTRATION}
    return JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})


def missing(request: HttpRequest, _error: Any = None) -> HttpResponse:
    """404: missing, or beyond the caller's reach; which of the two is not said."""
    why = _("地址不存在，或者不在您可查看的范围内")
    return problem(404, _("没有找到"), where=request.path, why=why, do=_("核对地址和编号"))


def _signed_out(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    why = _("没有密钥，密钥不对、过期或已撤销，或者没有登录")
    answer = problem(401, _("请求没有通过身份核验"), why=why, do=_("在请求头写 Authorization: Bearer 密钥"))
    answer["WWW-Authenticate"] = "Bearer"
    return answer


def _too_many(request: HttpRequest, error: Throttled) -> HttpResponse:
    seconds = int(error.wait or 60)
    answer = problem(429, _("请求太频繁"), why=_("每分钟的次数有上限"), do=_("{n}秒后再试").format(n=seconds))
    answer["Retry-After"] = str(seconds)
    return answer


def _refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    words = {403: (_("没有权限"), _("表单校验失效，或密钥没有这项用途")), 400: (_("请求读不懂"), _("正文不是所要求的格式"))}
    what, why = words.get(error.status_code, (_("请求没有完成"), ""))
    own = str(error.message)
    return problem(error.status_code, what, where=request.path, why=own if not own.isascii() else why, do=_("对照接口文档改正"))


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    faults = [(".".join(str(part) for part in fault["loc"]), str(fault["msg"])) for fault in error.errors]
    why = "；".join(f"{where}：{words}" for where, words in faults[:_SHOWN])
    return problem(422, _("参数不对"), where=faults[0][0] if faults else "", why=why, do=_("对照接口文档改正"))


def _ours(request: HttpRequest, error: ShuangkongError) -> HttpResponse:
    conflict = isinstance(error, NotInForce | Outdone | DraftConflict)
    return problem(409 if conflict else 400, **{**error_dict(error), **getattr(error, "details", {})})


def _suspicious(request: HttpRequest, error: SuspiciousOperation) -> HttpResponse:
    return problem(400, _("请求读不懂"), where=request.path, why=_("正文太大或不合规矩"), do=_("改小后再试"))


def _fault(request: HttpRequest, error: Exception) -> HttpResponse:
    number = f"E-{secrets.token_hex(4).upper()}"
    log.error("API answer 500 with number %s at %s", number, request.path, exc_info=error)
    return problem(500, _("系统出错了"), why=_("这次请求没有完成，数据没有改动"), do=_("把编号告诉管理员"), number=number)


HANDLERS: tuple[tuple[type[Exception], Callable[..., HttpResponse]], ...] = (
    (Exception, _fault), (Http404, missing), (HttpError, _refused), (AuthenticationError, _signed_out), (Throttled, _too_many),
    (ValidationError, _invalid), (ShuangkongError, _ours), (SuspiciousOperation, _suspicious),
)  # fmt: skip


def handle_with(api: NinjaAPI) -> None:
    """Puts the handlers into ``api``."""
    for kind, handler in HANDLERS:
        api.add_exception_handler(kind, handler)


class ApiProblemMiddleware:
    """What the framework answers below ``/api/`` in plain words (a wrong method) becomes JSON as well."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Go on; replace a bare 405."""
        answer = self.get_response(request)
        if answer.status_code != 405 or not request.path.startswith("/api/"):
            return answer
        allowed = answer.get("Allow", "")
        made = problem(405, _("这个地址不接受这种请求"), where=request.path, why=f"{request.method} ∉ {allowed}", do=_("对照接口文档改正"))
        made["Allow"] = allowed
        return made
