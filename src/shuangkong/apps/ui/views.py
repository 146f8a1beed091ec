"""Pages that say what went wrong, in the reader's words. A user never sees a traceback or a bare code."""

from __future__ import annotations

import logging
import secrets

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from shuangkong.core.errors import ShuangkongError

log = logging.getLogger(__name__)


def problem(request: HttpRequest, error: ShuangkongError, status: int = 400, number: str = "") -> HttpResponse:
    """A whole page for ``error``: inside the frame for those signed in, plain otherwise."""
    signed_in = getattr(getattr(request, "user", None), "is_authenticated", False)
    template = "ui/problem.html" if signed_in else "ui/problem_plain.html"
    return render(request, template, {"error": error, "number": number}, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return problem(request, ShuangkongError(_("请求读不懂"), why=_("地址或内容不完整"), do=_("返回上一页再试")), 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: names who may, when the view said so."""
    why = str(exception or "") or _("您的角色不能做这件事")
    return problem(request, ShuangkongError(_("没有权限"), why=why, do=_("需要时请联系市级主管部门的系统管理员")), 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: missing, or not for this person; which of the two is not said."""
    why = _("地址不存在，或者不在您可查看的范围内")
    return problem(request, ShuangkongError(_("没有这个页面"), why=why, do=_("核对地址，或从左侧菜单进入")), 404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 because the form's token is missing or old."""
    why = _("页面打开太久，或者在别处登录过，表单已失效")
    return problem(request, ShuangkongError(_("没有提交成功"), why=why, do=_("刷新页面后再提交一次，已填内容请先复制")), 403)


def server_error(request: HttpRequest) -> HttpResponse:
    """500 with a number that also stands in the log."""
    number = f"E-{secrets.token_hex(4).upper()}"
    log.error("answer 500 with number %s at %s", number, request.path)
    error = ShuangkongError(_("系统出错了"), why=_("这次请求没有完成，数据没有改动"), do=_("稍后再试；仍不行时把编号告诉管理员"))
    return render(request, "ui/problem_plain.html", {"error": error, "number": number}, status=500)
