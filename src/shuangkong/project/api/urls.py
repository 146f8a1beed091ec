"""Addresses of the API. What is not there answers in JSON as well."""

from __future__ import annotations

from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView

from . import api, docs, problems

urlpatterns = [
    path("v1/", RedirectView.as_view(pattern_name="api-docs"), name="api-start"),
    path("v1/docs/", docs.page, name="api-docs"),
    path("v1/openapi.json", docs.openapi, name="api-openapi"),
    path("v1/", api.urls),
    re_path(r"", csrf_exempt(problems.missing), name="api-missing"),
]
