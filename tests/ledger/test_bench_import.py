"""The benchmark of import measures what it says: its reference reads every cell, its workbook is good, its faults are faults."""

from __future__ import annotations

import pytest

from bench import import_rows
from tests.ledger import kit

pytestmark = pytest.mark.django_db


def test_the_reference_reads_every_cell(tmp_path):
    import_rows.write_workbook(tmp_path / "a.xlsx", 300)
    assert import_rows.read_with_calamine(tmp_path / "a.xlsx") == 301 * len(import_rows.HEADER)


def test_every_row_of_the_workbook_is_good_and_those_of_the_other_faulty(city, tmp_path):
    from shuangkong.apps.organisations.models import Subject, User

    for code, name in import_rows.COUNTIES.items():
        Subject.objects.create(kind="county", code=code, name=name, parent=city)
    user = User.objects.create_user("tongji", role="city", subject=city)
    import_rows.write_workbook(tmp_path / "a.xlsx", 300)
    checked = kit.check(tmp_path / "a.xlsx", user)
    assert checked.result["counts"]["new"] == 300
    import_rows.write_workbook(tmp_path / "b.xlsx", 300, faulty_every=import_rows.FAULTY_SHARE)
    checked = kit.check(tmp_path / "b.xlsx", user)
    assert checked.result["counts"]["refused"] == checked.result["findings"] == 300 // import_rows.FAULTY_SHARE
