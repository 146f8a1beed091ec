"""Addresses of the desk."""

from __future__ import annotations

from django.urls import path

from shuangkong.apps.desk import reminding, views

app_name = "desk"
urlpatterns = [
    path("data/import/", views.import_start, name="import"),
    path("data/import/<slug:kind_id>/", views.import_kind, name="import_kind"),
    path("data/import/<slug:kind_id>/template/", views.import_template, name="import_template"),
    path("data/export/<slug:kind_id>/", views.export, name="export"),
    path("jobs/", views.job_list, name="jobs"),
    path("jobs/<int:job_id>/", views.job, name="job"),
    path("jobs/<int:job_id>/state/", views.job_state, name="job_state"),
    path("jobs/<int:job_id>/confirm/", views.job_confirm, name="job_confirm"),
    path("jobs/<int:job_id>/cancel/", views.job_cancel, name="job_cancel"),
    path("jobs/<int:job_id>/resume/", views.job_resume, name="job_resume"),
    path("files/<int:file_id>/", views.file, name="file"),
    path("inbox/", views.inbox, name="inbox"),
    path("reminders/", reminding.reminders, name="reminders"),
    path("workdays/", reminding.workday_list, name="workdays"),
]
