"""Writes of filing and review."""

from shuangkong.apps.filing.services.corrections import correct
from shuangkong.apps.filing.services.drafts import DraftConflict, save_draft
from shuangkong.apps.filing.services.obligations import oblige, open_due
from shuangkong.apps.filing.services.review import accept, accept_many, lock, require_seen, return_, start_review
from shuangkong.apps.filing.services.submission import Unfit, submit
from shuangkong.apps.filing.services.unlocking import ask_unlock, confirm_unlock, refuse_unlock

__all__ = [
    "DraftConflict", "Unfit", "accept", "accept_many", "ask_unlock", "confirm_unlock", "correct", "lock", "oblige", "open_due",
    "refuse_unlock", "require_seen", "return_", "save_draft", "start_review", "submit",
]  # fmt: skip
