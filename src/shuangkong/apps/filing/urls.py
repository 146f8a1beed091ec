"""Addresses of filing and review."""

from __future__ import annotations

from django.urls import path

from shuangkong.apps.filing import acts, overview, views
from shuangkong.apps.filing.checks import views as checks

app_name = "filing"
urlpatterns = [
    path("", views.filings, name="filings"),
    path("review/", views.review, name="review"),
    path("review/accept/", acts.accept_selected, name="accept_selected"),
    path("matrix/", overview.who_filed, name="matrix"),
    path("matrix/remind/", overview.remind, name="remind"),
    path("receipts/check/", overview.check_receipt, name="check_receipt"),
    path("receipts/<slug:number>/", overview.receipt, name="receipt"),
    path("obligations/", views.obligations, name="obligations"),
    path("forms/", views.form_list, name="forms"),
    path("forms/<slug:form_id>/", views.form_page, name="form"),
    path("checks/", checks.checks, name="checks"),
    path("checks/<slug:number>/propose/", checks.propose, name="propose_check"),
    path("checks/decide/<int:pk>/", checks.decide, name="decide_check"),
    path("findings/", checks.findings, name="findings"),
    path("findings/<int:pk>/", checks.finding, name="finding"),
    path("<int:pk>/", views.filing, name="filing"),
    path("<int:pk>/cells/", views.cells, name="cells"),
    path("<int:pk>/workbook/", views.workbook, name="workbook"),
    path("<int:pk>/upload/", acts.upload, name="upload"),
    path("<int:pk>/save/", acts.save, name="save"),
    path("<int:pk>/do/<slug:verb>/", acts.act, name="act"),
]
