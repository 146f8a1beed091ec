"""Addresses of the data browser and of the batches."""

from __future__ import annotations

from django.urls import path

from shuangkong.apps.ledger import batch_views, views

app_name = "ledger"
urlpatterns = [
    path("", views.rows, name="rows"),
    path("rows/<int:pk>/", views.row, name="row"),
    path("batches/", batch_views.batches, name="batches"),
    path("batches/<int:batch_id>/", batch_views.batch, name="batch"),
    path("batches/<int:batch_id>/undo/", batch_views.undo, name="undo"),
    path("batches/<int:batch_id>/evidence/", batch_views.attach, name="attach"),
    path("batches/<int:batch_id>/confirm/", batch_views.confirm, name="confirm"),
    path("evidence/<int:pk>/", batch_views.evidence_file, name="evidence"),
]
