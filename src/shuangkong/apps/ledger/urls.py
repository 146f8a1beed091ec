"""Addresses of the data browser."""

from __future__ import annotations

from django.urls import path

from shuangkong.apps.ledger import views

app_name = "ledger"
urlpatterns = [
    path("", views.rows, name="rows"),
    path("rows/<int:pk>/", views.row, name="row"),
]
