"""``python -m shuangkong`` is the command ``shuangkong``."""

import sys

from shuangkong.project.cli import main

sys.exit(main())
