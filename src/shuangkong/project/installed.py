"""Which city pack is installed and where its rules stand. Read from the environment, as the settings do."""

from __future__ import annotations

import os
from pathlib import Path

from shuangkong.rulebook import Rulebook, install, pack_rule_folders

_ROOT = Path(__file__).resolve().parents[3]


def pack_folder() -> Path:
    """The folder of the installed pack (``SHUANGKONG_PACKS`` / ``SHUANGKONG_PACK``); it need not exist."""
    packs = Path(os.environ.get("SHUANGKONG_PACKS", _ROOT / "packs"))
    return packs / os.environ.get("SHUANGKONG_PACK", "chenzhou")


def install_rulebook() -> Rulebook:
    """Makes the shipped rules with the installed pack's own (``rules/`` in its folder) the current rulebook.

    The demonstration also reads the pack's invented rows (``rules_demonstration/``); no other installation can.

    Raises:
        RulebookError: a rule file is broken.
    """
    return install(pack_rule_folders(pack_folder(), demonstration=os.environ.get("SHUANGKONG_MODE") == "demonstration"))
