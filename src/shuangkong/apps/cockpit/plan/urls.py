"""Addresses of the plan."""

from __future__ import annotations

from django.urls import path

from shuangkong.apps.cockpit.plan import views

app_name = "plan"
urlpatterns = [
    path("", views.plans, name="plans"),
    path("<str:code>/", views.plan, name="plan"),
]
