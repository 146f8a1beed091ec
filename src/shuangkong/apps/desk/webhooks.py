"""The outgoing webhook: a short text to a group robot (企业微信, 钉钉), only to hosts that the installation lists.

``settings.WEBHOOK_HOSTS`` are origins (``https://qyapi.weixin.qq.com``, with a port where it is not the usual one). Nothing is sent in the
clear, and nothing to an address that is not public, unless the listed origin itself names that address or that scheme. The connection goes
to the address that was checked (a name cannot change its meaning in between), redirects are not followed, answers are bounded.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import ssl
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from shuangkong.core.errors import InputError, ShuangkongError

TIMEOUT_SECONDS = 5.0
ANSWER_BYTES = 65_536
_PORTS = {"https": 443, "http": 80}
_TEXT_MAX = 2000
#: Translation (RFC 6052, RFC 2765) and the old form: the last 32 bits are an address of version 4.
_CARRYING = tuple(ipaddress.IPv6Network(text) for text in ("64:ff9b::/96", "::ffff:0:0:0/96", "::/96"))


class NotSent(ShuangkongError):
    """The message did not go out, or was not taken."""


def checked(url: str) -> SplitResult:
    """The parts of an address to which messages may go.

    Raises:
        InputError: no address, or its origin is not listed.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise InputError(_("webhook 地址写得不对"), where=url[:60], do=_("从群机器人的设置里整段复制")) from error
    sendable = all("!" <= letter <= "~" for letter in url.strip())
    if not sendable or parts.scheme not in _PORTS or not parts.hostname or parts.username or parts.password:
        raise InputError(_("webhook 地址写得不对"), where=url[:60], do=_("从群机器人的设置里整段复制"))
    if origin_of(parts.scheme, parts.hostname, port) not in listed():
        shown = "、".join(sorted(listed())) or _("（没有）")
        why = _("允许：{shown}").format(shown=shown)
        raise InputError(_("这个主机不在允许的名单里"), where=parts.hostname, why=why, do=_("请系统管理员加入名单"))
    return parts


def origin_of(scheme: str, host: str, port: int | None) -> str:
    """``https://host`` or ``http://host:8080``: the port only where it is not the usual one."""
    host = f"[{host}]" if ":" in host else host.lower()
    return f"{scheme}://{host}" if port in (None, _PORTS[scheme]) else f"{scheme}://{host}:{port}"


def listed() -> frozenset[str]:
    """The origins that the installation allows; a bare host means https."""
    found = set()
    for text in settings.WEBHOOK_HOSTS:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        if parts.scheme in _PORTS and parts.hostname:
            found.add(origin_of(parts.scheme, parts.hostname, parts.port))
    return frozenset(found)


def address_of(host: str, port: int) -> str:
    """The address to connect to: every address of the name must be public, unless the host is written as that very address.

    Raises:
        NotSent: the name is not known, or leads into a private network.
    """
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise NotSent(_("找不到主机"), where=host, why=str(error)) from error
    for text in sorted(found):
        if not _is_public(ipaddress.ip_address(text.partition("%")[0])) and text != host:
            raise NotSent(_("主机指向内网地址，不发送"), where=host, why=text, do=_("确需发往内网的，把该地址本身列入名单"))
    return sorted(found)[0]


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether it is one receiver in the public network. Addresses of version 6 that carry one of version 4 lead where that one does."""
    if isinstance(address, ipaddress.IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour
        if carried is None and any(address in network for network in _CARRYING):
            carried = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if carried is not None:
            return _is_public(carried)
    return address.is_global and not address.is_multicast


def message(kind: str, title: str, body: str) -> bytes:
    """The text in the form that the robot takes."""
    text = f"{title}\n{body}"[:_TEXT_MAX]
    content: dict[str, Any] = {"msgtype": "text", "text": {"content": text}}
    if kind == "dingtalk":
        content["at"] = {"isAtAll": False}
    return json.dumps(content, ensure_ascii=False).encode()


def send(url: str, kind: str, title: str, body: str) -> None:
    """Sends one message.

    Raises:
        InputError: an address that is not allowed.
        NotSent: not reached, redirected, refused, or not taken by the robot.
    """
    parts = checked(url)
    host = str(parts.hostname)
    port = parts.port or _PORTS[parts.scheme]
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    try:
        status, answer = _post(parts.scheme, host, port, target, message(kind, title, body))
    except (OSError, http.client.HTTPException) as error:
        raise NotSent(_("webhook 没有送达"), where=host, why=str(error) or type(error).__name__) from error
    _require_taken(host, status, answer)


def _post(scheme: str, host: str, port: int, target: str, content: bytes) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    raw = socket.create_connection((address_of(host, port), port), TIMEOUT_SECONDS)
    try:
        connection.sock = ssl.create_default_context().wrap_socket(raw, server_hostname=host) if scheme == "https" else raw
        connection.request("POST", target, content, {"Content-Type": "application/json; charset=utf-8", "Connection": "close"})
        answer = connection.getresponse()
        return answer.status, answer.read(ANSWER_BYTES)
    finally:
        connection.close()
        raw.close()


def _require_taken(host: str, status: int, answer: bytes) -> None:
    """Both robots answer 200 with ``errcode`` 0."""
    if 300 <= status < 400:
        raise NotSent(_("webhook 要求转到别处，不跟随"), where=host, why=str(status))
    if status != 200:
        raise NotSent(_("webhook 被拒绝"), where=host, why=str(status))
    try:
        said = json.loads(answer or b"{}")
    except ValueError:
        said = {}
    code = said.get("errcode", 0) if isinstance(said, dict) else 0
    if code != 0:
        raise NotSent(_("群机器人没有接受"), where=host, why=f"{code} {said.get('errmsg', '')}"[:200])
