"""The head of the audit chain over HTTP: what receipts print, so that an outsider can keep it and compare."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router

from shuangkong.apps.audit import selectors
from shuangkong.apps.ui.api import Answer, answers

router = Router()


class HeadAnswer(Answer):
    """The newest block: its number, its SM3, how many entries are sealed, and when. ``number`` 0: nothing is sealed yet."""

    number: int
    sm3: str
    blocks: int
    entries: int
    sealed_at: datetime | None


@router.get("/head", response=answers(HeadAnswer), summary="审计链的链头")
def head(request: HttpRequest) -> dict[str, Any]:
    """The head of the chain, its blocks and sealed entries."""
    newest = selectors.newest_head()
    blocks, entries, sm3 = selectors.chain_summary()
    number, sealed_at = (newest.number, newest.sealed_at) if newest else (0, None)
    return {"number": number, "sm3": sm3, "blocks": blocks, "entries": entries, "sealed_at": sealed_at}
