"""Addresses of the measures."""

from __future__ import annotations

from django.urls import path

from shuangkong.apps.indicators.measures import views

app_name = "measures"
urlpatterns = [
    path("", views.measures, name="measures"),
    path("library/", views.library, name="library"),
    path("library/<int:pk>/close/", views.close, name="close"),
    path("plans/<int:pk>/", views.plan, name="plan"),
    path("plans/<int:pk>/decide/", views.decide, name="decide"),
    path("<str:code>/", views.county, name="county"),
    path("<str:code>/keep/", views.keep, name="keep"),
]
