"""Addresses of the calculators."""

from __future__ import annotations

from django.urls import path

from shuangkong.apps.cockpit.calculating import views

app_name = "calculators"
urlpatterns = [
    path("", views.calculators, name="calculators"),
    path("<str:calculator_id>/", views.calculator, name="calculator"),
]
