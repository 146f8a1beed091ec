from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("filing", "0002_check_switches")]

    operations = [
        migrations.RemoveIndex(model_name="filing", name="filing_of_form"),
        migrations.AddIndex(
            model_name="filing",
            index=models.Index(
                fields=[
                    "form_id", "period_end", "state", "version", "period_kind", "use", "respondent", "departments",
                    "first_submitted_at", "due_on",
                ],
                name="filing_counted",
            ),
        ),
    ]  # fmt: skip
