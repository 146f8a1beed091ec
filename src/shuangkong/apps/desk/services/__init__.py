"""Writes of the desk: files, jobs, the inbox, imports and exports."""

from shuangkong.apps.desk.services.inbox import close_item, open_item
from shuangkong.apps.desk.services.jobs import ask_to_cancel, resume, resume_interrupted, run, start

__all__ = ["ask_to_cancel", "close_item", "open_item", "resume", "resume_interrupted", "run", "start"]
