"""What a workbook of an annex changed, so that it can be undone."""

from __future__ import annotations

from django.db import models

from shuangkong.apps.indicators.fields import CanonicalField
from shuangkong.apps.ledger.models import Batch


class AnnexBatch(models.Model):
    """The targets that one batch made or changed: for each its id, the fields as they were (empty: made) and as they are since."""

    batch = models.OneToOneField(Batch, models.PROTECT, related_name="annex")
    changes = CanonicalField(default=list)
