"""Secrets that must be read again (device passwords, addresses with a key), as the database keeps them: sealed by SM4-GCM with a key of the
installation, so that a copy of the database alone opens none."""

from __future__ import annotations

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.conf import settings
from django.utils.translation import gettext as _

from shuangkong.core.digest import sm3_hex
from shuangkong.core.errors import ShuangkongError

_NONCE_BYTES, _TAG_BYTES = 12, 16


def _key() -> bytes:
    return bytes.fromhex(sm3_hex(f"sealed:{settings.SECRET_KEY}".encode()))[:16]


def seal(text: str) -> str:
    """``text`` sealed, as ASCII."""
    nonce = os.urandom(_NONCE_BYTES)
    encryptor = Cipher(algorithms.SM4(_key()), modes.GCM(nonce)).encryptor()
    sealed = encryptor.update(text.encode()) + encryptor.finalize()
    return base64.b64encode(nonce + encryptor.tag + sealed).decode("ascii")


def unseal(sealed: str, where: str) -> str:
    """What was sealed.

    Raises:
        ShuangkongError: it was sealed with another key; ``where`` names whose it is.
    """
    content = base64.b64decode(sealed)
    nonce, tag, rest = content[:_NONCE_BYTES], content[_NONCE_BYTES : _NONCE_BYTES + _TAG_BYTES], content[_NONCE_BYTES + _TAG_BYTES :]
    decryptor = Cipher(algorithms.SM4(_key()), modes.GCM(nonce, tag)).decryptor()
    try:
        return (decryptor.update(rest) + decryptor.finalize()).decode()
    except InvalidTag as error:
        why = _("它是用本安装的另一把密钥保存的")
        raise ShuangkongError(_("保存的口令无法读出"), where=where, why=why, do=_("恢复原密钥，或重新填写这个口令")) from error
