"""Addresses of the law library."""

from __future__ import annotations

from django.urls import path

from shuangkong.apps.plans import views

app_name = "rules"
urlpatterns = [
    path("", views.rules, name="rules"),
    path("proposals/<int:pk>/confirm/", views.confirm, name="confirm"),
    path("<str:name>/", views.rule, name="rule"),
    path("<str:name>/propose/", views.propose, name="propose"),
    path("<str:name>/rows/<str:region>/<str:row>/", views.row, name="row"),
]
