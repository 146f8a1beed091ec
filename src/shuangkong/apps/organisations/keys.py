"""Keys for programs: made and shown once, checked at each call, revoked. Making and revoking stand in the log."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.organisations.models import ApiKey
from shuangkong.core.digest import sm3_hex
from shuangkong.core.errors import InputError

MARK = "sk"
MOST_DAYS = 366
MOST_KEYS = 20
_PREFIX_BYTES, _SALT_BYTES, _SECRET_BYTES = 6, 16, 32
#: How often the last use is written: not at each call, so that reading does not become writing.
LAST_USED_EVERY = timedelta(minutes=1)


class NewKey(NamedTuple):
    """A key and its text, which nobody can read again."""

    key: ApiKey
    text: str


def _keys() -> Any:
    return ApiKey.objects.unscoped("the service that checks keys")


def _hash(salt: str, secret: str) -> str:
    return sm3_hex(f"{salt}:{secret}".encode())


def create_key(owner: Any, name: str, scopes: Iterable[str], days: int, *, now: datetime, origin: str = "") -> NewKey:
    """A key of ``owner`` that lasts ``days``; answers with its text, once.

    Raises:
        InputError: no name, no or an unknown scope, too long a life, too many keys.
    """
    asked = sorted(set(scopes))
    if not name.strip():
        raise InputError(_("密钥没有名称"), do=_("写明哪个系统使用它"))
    if not asked or not set(asked) <= set(ApiKey.Scope.values):
        raise InputError(_("没有选择用途"), why=_("可选：读取数据、运行计算器、导入数据"), do=_("至少选一项"))
    if not 1 <= days <= MOST_DAYS:
        raise InputError(_("有效天数不对"), why=_("1到{n}天").format(n=MOST_DAYS), do=_("改写有效天数"))
    prefix, salt, secret = secrets.token_hex(_PREFIX_BYTES), secrets.token_hex(_SALT_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
    with transaction.atomic():
        if _keys().filter(owner=owner, revoked_at=None, expires_at__gt=now).count() >= MOST_KEYS:
            raise InputError(_("有效的密钥太多"), why=_("每人最多{n}个").format(n=MOST_KEYS), do=_("先撤销不用的"))
        key = ApiKey.objects.create(
            owner=owner, name=name.strip(), prefix=prefix, salt=salt, sm3=_hash(salt, secret), scopes=asked,
            expires_at=now + timedelta(days=days),
        )  # fmt: skip
        after = {"name": key.name, "prefix": prefix, "scopes": asked, "expires_at": key.expires_at}
        record("organisations.apikey.create", key, actor=owner, after=after, origin=origin)
    return NewKey(key, f"{MARK}_{prefix}_{secret}")


def revoke_key(key_id: int, actor: Any, *, now: datetime, origin: str = "") -> bool:
    """Ends a key that ``actor`` may see; tells whether it was in force."""
    with transaction.atomic():
        key = ApiKey.objects.visible_to(actor).filter(pk=key_id).first()
        if key is None or _keys().filter(pk=key.pk, revoked_at=None).update(revoked_at=now) != 1:
            return False
        record("organisations.apikey.revoke", key, actor=actor, before={"prefix": key.prefix, "name": key.name}, origin=origin)
    return True


def _may_sign_in(owner: Any) -> bool:
    """As at the door: active, with a password of one's own; a person of the demonstration only there."""
    return owner.is_active and not owner.password_change_due and (settings.DEMONSTRATION or not owner.demonstration)


def key_of(text: str, now: datetime) -> ApiKey | None:
    """The key with this text, if it is in force and its owner may sign in; notes the use at most once a minute."""
    parts = text.split("_", 2)
    if len(parts) != 3 or parts[0] != MARK or "\0" in text:
        return None
    key = _keys().select_related("owner", "owner__subject").filter(prefix=parts[1]).first()
    if key is None or not hmac.compare_digest(key.sm3, _hash(key.salt, parts[2])):
        return None
    if not key.usable(now) or not _may_sign_in(key.owner):
        return None
    if key.last_used_at is None or now - key.last_used_at > LAST_USED_EVERY:
        _keys().filter(pk=key.pk).update(last_used_at=now)
    return key
