"""Stored files: outside the database under a name that nobody chose, with their SM3."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Any

from cryptography.hazmat.primitives import hashes
from django.conf import settings
from django.utils.translation import gettext as _

from shuangkong.apps.desk.models import StoredFile
from shuangkong.core.errors import InputError

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
_NAME_LENGTH = 120


def path_of(stored: StoredFile) -> Path:
    """Where the file lies."""
    return Path(settings.MEDIA_ROOT) / stored.path


def new_path(suffix: str) -> tuple[str, Path]:
    """A fresh place for a file: its stored name and its path."""
    name = secrets.token_hex(16)
    relative = f"{name[:2]}/{name}{suffix}"
    path = Path(settings.MEDIA_ROOT) / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    return relative, path


def clean_name(name: str) -> str:
    """A file's name for people: no folders, no control characters, not endless."""
    plain = "".join(letter for letter in PurePath(name.replace("\\", "/")).name if letter.isprintable() and letter not in '<>:"|?*')
    stem, dot, suffix = plain.rpartition(".")
    return f"{stem[:_NAME_LENGTH]}{dot}{suffix[:10]}" if dot else plain[:_NAME_LENGTH] or "file"


def store(
    owner: Any, name: str, chunks: Iterable[bytes], *, content_type: str, most: int | None = None, private: bool = False
) -> StoredFile:
    """Stores what arrives in ``chunks``; refuses what is empty or larger than ``most`` bytes (default: the upload limit).

    A ``private`` file is its owner's alone.

    Raises:
        InputError: empty or too large; nothing is kept.
    """
    most = settings.UPLOAD_MAX_BYTES if most is None else most
    relative, path = new_path(Path(clean_name(name)).suffix.lower()[:8])
    digest, size = hashes.Hash(hashes.SM3()), 0
    try:
        with path.open("xb") as out:
            for chunk in chunks:
                size += len(chunk)
                if size > most:
                    raise InputError(
                        _("文件太大"), where=clean_name(name), why=_("最大 {n} MB").format(n=most // 2**20), do=_("分成几个文件")
                    )
                digest.update(chunk)
                out.write(chunk)
        if not size:
            raise InputError(_("文件是空的"), where=clean_name(name), do=_("选择有内容的文件"))
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return StoredFile.objects.create(
        owner=owner, name=clean_name(name), path=relative, content_type=content_type, size_bytes=size, sm3=digest.finalize().hex(),
        private=private,
    )  # fmt: skip


def keep(owner: Any, name: str, relative: str, *, content_type: str) -> StoredFile:
    """Registers a file that a job has written at :func:`new_path`."""
    path = Path(settings.MEDIA_ROOT) / relative
    digest = hashes.Hash(hashes.SM3())
    with path.open("rb") as stream:
        while chunk := stream.read(2**20):
            digest.update(chunk)
    return StoredFile.objects.create(
        owner=owner,
        name=clean_name(name),
        path=relative,
        content_type=content_type,
        size_bytes=path.stat().st_size,
        sm3=digest.finalize().hex(),
    )
