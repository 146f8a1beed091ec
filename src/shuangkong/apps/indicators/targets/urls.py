"""Addresses of targets."""

from __future__ import annotations

from django.urls import path

from shuangkong.apps.indicators.targets import views

app_name = "targets"
urlpatterns = [
    path("", views.targets, name="targets"),
    path("new/", views.new, name="new"),
    path("<int:pk>/", views.target, name="target"),
    path("<int:pk>/propose/", views.propose, name="propose"),
    path("proposals/<int:pk>/", views.proposal, name="proposal"),
    path("proposals/<int:pk>/decide/", views.decide, name="decide"),
    path("annexes/<int:pk>/open/", views.open_annex, name="open_annex"),
]
