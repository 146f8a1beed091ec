"""The address of the national series."""

from __future__ import annotations

from django.urls import path

from shuangkong.apps.cockpit.nation import views

app_name = "nation"
urlpatterns = [path("nation/", views.series, name="series")]
