"""The Chinese words of a ledger row: measure, product, flow, industry, origin, release, unit, price base."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from shuangkong.apps.ledger.imports.columns import section_of
from shuangkong.apps.ledger.measures import CERTIFICATE_ORIGINS, MEASURES, PERCENT
from shuangkong.core.quantities import BASE_UNITS
from shuangkong.rulebook.loader import Rulebook


class Words:
    """Looks up labels in one rulebook; an unknown code is shown as it is."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        flows, self.origins, self.releases = (labels(rulebook, name) for name in ("flows", "origins", "releases"))
        self.flows = {**flows, **CERTIFICATE_ORIGINS}
        self.products = {product.code: product.label for product in rulebook.products}
        divisions = {f"{section_of(code)}{code}": label for code, label in labels(rulebook, "industries").items()}
        self.industries = {**labels(rulebook, "sectors"), **divisions}

    def measure(self, row: Any) -> str:
        """能源, 用电量 …"""
        return MEASURES[row.measure].label if row.measure in MEASURES else row.measure

    def what(self, row: Any) -> str:
        """What the row measures in one line: 原煤 · 终端消费 · 化学原料和化学制品制造业."""
        parts = [self.products.get(row.product, row.product), self.flows.get(row.flow, row.flow)]
        return " · ".join(part for part in [*parts, self.industries.get(row.industry, row.industry)] if part)

    def unit(self, row: Any) -> str:
        """The unit of the base quantity, % for a rate."""
        measure = MEASURES.get(row.measure)
        if row.rate is not None:
            return measure.unit if measure is not None else PERCENT
        if measure is not None and not measure.by_product:
            return BASE_UNITS.get(measure.dimension, "")
        product = self.rulebook.products.get(row.product)
        return product.base_unit if product is not None else ""


def labels(rulebook: Rulebook, name: str) -> Mapping[str, str]:
    """Code → label of one of the rulebook's lists."""
    return {term.code: term.label for term in rulebook.terms(name)}


def price_base(row: Any) -> str:
    """现价, 2020年价; empty where the measure knows no prices."""
    if row.price_base is None:
        return ""
    return _("现价") if row.price_base == 0 else _("%(year)d年价") % {"year": row.price_base}


def amount(row: Any) -> Decimal:
    """The quantity in base units, or the rate in percent."""
    return row.rate if row.rate is not None else row.quantity
