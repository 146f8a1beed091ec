"""The one API object: which router stands where, and what a caller needs for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI

from shuangkong.apps.audit.api import router as audit_router
from shuangkong.apps.cockpit.api import router as reports_router
from shuangkong.apps.desk.api import cancel_router, imports_router, jobs_router
from shuangkong.apps.filing.api import router as filings_router
from shuangkong.apps.indicators.api import indicators_router, targets_router, values_router
from shuangkong.apps.indicators.decomposition.api import decompositions_router
from shuangkong.apps.ledger.api import batches_router, rows_router
from shuangkong.apps.monitoring.api import router as points_router
from shuangkong.apps.organisations.api import router as subjects_router
from shuangkong.apps.plans.api import router as plans_router

from .access import RATE, CalculateKey, CallerThrottle, FileKey, ImportKey, ReadKey, needs
from .calculators import router as calculators_router
from .problems import handle_with

#: Where, what it is called, the router, and the key that opens it.
ROUTERS = (
    ("calculators", "计算器", calculators_router, CalculateKey),
    ("subjects", "主体", subjects_router, ReadKey),
    ("indicators", "指标", indicators_router, ReadKey),
    ("values", "指标值", values_router, ReadKey),
    ("targets", "目标", targets_router, ReadKey),
    ("decompositions", "目标分解", decompositions_router, ReadKey),
    ("rows", "台账", rows_router, ReadKey),
    ("batches", "批次", batches_router, ReadKey),
    ("plans", "方案", plans_router, ReadKey),
    ("reports", "形势分析", reports_router, ReadKey),
    ("jobs", "后台任务", jobs_router, ReadKey),
    ("jobs", "后台任务", cancel_router, ImportKey),
    ("imports", "导入", imports_router, ImportKey),
    ("filings", "填报", filings_router, FileKey),
    ("points", "监测点", points_router, ReadKey),
    ("audit", "审计", audit_router, ReadKey),
)


def marked(content: Any) -> Any:
    """``content`` with ``demonstration`` set: in the demonstration on every object that is an answer or a part of a list answer."""
    if not settings.DEMONSTRATION:
        return content
    if isinstance(content, Mapping):
        return {**content, "demonstration": True}
    return [marked(item) for item in content] if isinstance(content, list) else content


class MarkedAPI(NinjaAPI):
    """Marks every answer of the demonstration."""

    def create_response(self, request: HttpRequest, data: Any, **options: Any) -> HttpResponse:
        """The answer, marked."""
        return super().create_response(request, marked(data), **options)


api = MarkedAPI(
    title="双控 API", version="1", description="节能减排目标管理平台的接口", urls_namespace="api", docs_url=None, openapi_url=None,
    throttle=[CallerThrottle(RATE)],
)  # fmt: skip
handle_with(api)
for place, title, router, key in ROUTERS:
    api.add_router(f"/{place}", router, auth=needs(key), tags=[title])
