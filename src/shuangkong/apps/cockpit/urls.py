"""Addresses of the pages that read across."""

from django.urls import include, path

app_name = "cockpit"

urlpatterns = [
    path("", include("shuangkong.apps.cockpit.situation.urls")),
]
