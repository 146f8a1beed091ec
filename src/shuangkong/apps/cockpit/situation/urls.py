"""Addresses of the situation report."""

from django.urls import path

from shuangkong.apps.cockpit.situation import views

urlpatterns = [
    path("reports/", views.report_list, name="report_list"),
    path("reports/draft/", views.report_draft, name="report_draft"),
    path("reports/file/", views.report_file, name="report_file"),
    path("reports/<int:pk>/", views.report_detail, name="report"),
    path("reports/<int:pk>/word/", views.report_word, name="report_word"),
]
