"""Each way to tamper, done for real: triggers off, SQL, triggers on. Verify names what and where."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from shuangkong.apps.audit import anchors, sealer
from shuangkong.apps.audit.chain import BEGINNING, ENTRY_FIELDS, block_sm3, leaf, leaves_text
from shuangkong.apps.audit.models import Block, Entry
from shuangkong.apps.audit.services import record
from shuangkong.apps.ledger.models import Batch, Row
from shuangkong.apps.ledger.proof import batch_root
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.digest import sm3_hex
from shuangkong.project.audit_command import findings
from shuangkong.project.cli import main

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def chain(write_entries: Callable, seal: Callable) -> list[int]:
    """Three blocks of three entries each; the ids."""
    ids = []
    for _ in range(3):
        ids += write_entries(3)
        seal()
    return ids


def test_what_was_left_alone_is_right(chain: list[int], kinds: Callable, capsys: pytest.CaptureFixture[str]) -> None:
    assert kinds() == []
    assert main(["audit", "verify"]) == 0
    assert "全部无误" in capsys.readouterr().out


def test_an_empty_log_is_right(kinds: Callable) -> None:
    assert kinds() == []


@pytest.mark.parametrize("column", ["payload", "action", "target_kind", "target_id", "sm3"])
def test_a_changed_entry(chain: list[int], kinds: Callable, tamper: Callable, column: str) -> None:
    tamper(f"UPDATE audit_entry SET {column} = 'x' WHERE id = {chain[4]}")
    assert kinds() == [f"entry_changed 第2块，记录{chain[4]}"]


@pytest.mark.parametrize("change", ["subject_id = 5", "recorded_at = '2020-01-01 00:00:00'"])
def test_whom_and_when_are_sealed_too(chain: list[int], kinds: Callable, tamper: Callable, change: str) -> None:
    tamper(f"UPDATE audit_entry SET {change} WHERE id = {chain[4]}")
    assert kinds() == [f"entry_changed 第2块，记录{chain[4]}"]


def test_a_changed_entry_whose_payload_hash_was_made_anew(chain: list[int], kinds: Callable, tamper: Callable) -> None:
    payload = Entry.objects.get(pk=chain[0]).payload.replace('"n":1', '"n":7')
    tamper(f"UPDATE audit_entry SET payload = '{payload}', sm3 = '{sm3_hex(payload.encode())}' WHERE id = {chain[0]}")
    assert kinds() == [f"entry_changed 第1块，记录{chain[0]}"]


def test_a_deleted_entry(chain: list[int], kinds: Callable, tamper: Callable) -> None:
    tamper(f"DELETE FROM audit_entry WHERE id = {chain[4]}")
    assert kinds() == [f"entry_deleted 第2块，记录{chain[4]}"]


def test_an_inserted_entry(chain: list[int], kinds: Callable, tamper: Callable) -> None:
    columns = "recorded_at, actor_id, action, target_kind, target_id, subject_id, payload, sm3"
    tamper(
        f"DELETE FROM audit_entry WHERE id = {chain[4]}",
        f"INSERT INTO audit_entry (id, {columns}) SELECT {chain[0] - 1}, {columns} FROM audit_entry WHERE id = {chain[5]}",
    )
    assert kinds() == [f"entry_inserted 第1块，记录{chain[0] - 1}", f"entry_deleted 第2块，记录{chain[4]}"]


def test_reordered_entries(chain: list[int], kinds: Callable, tamper: Callable) -> None:
    one, two = chain[3], chain[5]
    tamper(
        f"UPDATE audit_entry SET id = -1 WHERE id = {one}",
        f"UPDATE audit_entry SET id = {one} WHERE id = {two}",
        f"UPDATE audit_entry SET id = {two} WHERE id = -1",
    )
    assert kinds() == [f"entry_reordered 第2块，记录{one}", f"entry_reordered 第2块，记录{two}"]


def test_a_cut_tail(chain: list[int], kinds: Callable, tamper: Callable) -> None:
    tamper("DELETE FROM audit_block WHERE number = 3", f"DELETE FROM audit_entry WHERE id >= {chain[6]}")
    assert kinds() == ["tail_cut 第3块"]


def test_a_cut_middle(chain: list[int], kinds: Callable, tamper: Callable) -> None:
    tamper("DELETE FROM audit_block WHERE number = 2")
    assert "block_changed 第3块" in kinds()


def relay(first: int) -> None:
    """Lay all blocks from ``first`` anew over what the entries say now, as a forger who knows the way would."""
    head = Block.objects.filter(number=first - 1).first()
    previous = head.sm3 if head else BEGINNING
    for block in Block.objects.filter(number__gte=first).order_by("number"):
        rows = list(Entry.objects.filter(id__gte=block.first, id__lte=block.last).order_by("id").values_list(*ENTRY_FIELDS))
        block.previous, block.leaves, block.count = previous, leaves_text(rows), len(rows)
        block.first, block.last = rows[0][0], rows[-1][0]
        block.root = sm3_hex(block.leaves.encode())
        previous = block.sm3 = block_sm3(previous, block.root, block.count, block.first, block.last)
        block.save()


@pytest.fixture
def rewritten(chain: list[int], tamper: Callable) -> list[int]:
    """An entry of the second block changed and the chain from there laid anew without a seam."""
    from shuangkong.apps.audit import triggers
    from shuangkong.project.audit_command import guards

    entry = Entry.objects.get(pk=chain[4])
    payload = entry.payload.replace('"n":1', '"n":7')
    tamper(f"UPDATE audit_entry SET payload = '{payload}', sm3 = '{sm3_hex(payload.encode())}' WHERE id = {entry.pk}")
    triggers.drop(connection, guards())
    relay(2)
    triggers.lay(connection, guards())
    return chain


def test_a_rewritten_chain(rewritten: list[int], kinds: Callable) -> None:
    assert kinds() == ["chain_rewritten 第2块", "chain_rewritten 第3块"]


def test_a_rewritten_chain_with_the_anchors_file_forged_needs_the_copy(
    rewritten: list[int], kinds: Callable, anchors_path: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copy(anchors_path, tmp_path / "elsewhere.log"))
    anchors_path.unlink()
    anchors.append(anchors_path, Block.objects.order_by("number"))
    assert kinds() == []
    assert kinds(copy) == ["chain_rewritten 第2块", "chain_rewritten 第3块"]
    assert main(["audit", "verify", "--anchors", str(copy)]) == 1


@pytest.mark.parametrize(
    "change", ["previous = 'x'", "root = 'x'", "count = 9", "first = first - 1", "sm3 = 'x'", "leaves = 'x'", "leaves = 'x y'"]
)
def test_a_changed_block(chain: list[int], kinds: Callable, tamper: Callable, change: str) -> None:
    tamper(f"UPDATE audit_block SET {change} WHERE number = 2")
    assert "block_changed 第2块" in kinds()


def test_without_anchors_nothing_is_proved(chain: list[int], kinds: Callable, anchors_path: Path) -> None:
    anchors_path.unlink()
    assert kinds() == ["anchors_missing 锚文件"]


def test_a_restored_old_backup(write_entries: Callable, seal: Callable, kinds: Callable, anchors_path: Path) -> None:
    """The database is one that has never drawn the ids which the anchors know: an older state of the whole."""
    write_entries(2)
    seal()
    head = Block.objects.get()
    later = anchors.Anchor(2, "a" * 64, 5, head.last + 1, head.last + 500, "2026-11-24T00:00:00.000000Z")
    with anchors_path.open("a") as file:
        file.write(later.line() + "\n")
    assert kinds() == ["backup_restored 第2块"]
    with pytest.raises(sealer.ChainConflict):
        sealer.seal_step(anchors_path)


def test_unreadable_and_contradictory_anchors(chain: list[int], kinds: Callable, anchors_path: Path) -> None:
    lines = anchors_path.read_text().splitlines()
    other = lines[1].replace(lines[1].split(" ")[2], "b" * 64)
    anchors_path.write_text("\n".join([lines[0], "nonsense", other, lines[1], lines[2]]) + "\n")
    assert kinds() == ["anchors_unreadable 锚文件第2行", "anchors_contradictory 第2块", "chain_rewritten 第2块"]


def test_a_line_torn_by_a_crash_is_no_fault(
    chain: list[int], write_entries: Callable, seal: Callable, kinds: Callable, anchors_path: Path
) -> None:
    text = anchors_path.read_text()
    anchors_path.write_text(text[:-40])
    assert kinds() == []
    write_entries(1)
    seal()
    assert kinds() == []
    assert len(anchors.read(anchors_path).by_number) == 4


def test_pending_entries_are_shown(chain: list[int], write_entries: Callable, kinds: Callable, capsys: pytest.CaptureFixture[str]) -> None:
    write_entries(2)
    assert main(["audit", "verify"]) == 0
    assert "待封存：2条记录" in capsys.readouterr().out


def test_pending_entries_are_checked_by_themselves(chain: list[int], write_entries: Callable, kinds: Callable, tamper: Callable) -> None:
    ids = write_entries(3)
    tamper(f"UPDATE audit_entry SET action = 'x' WHERE id = {ids[1]}", f"UPDATE audit_entry SET payload = 'x' WHERE id = {ids[2]}")
    assert kinds() == [f"entry_changed 记录{ids[1]}", f"entry_changed 记录{ids[2]}"]


def test_entries_that_wait_too_long_say_that_no_sealer_runs(chain: list[int], write_entries: Callable, anchors_path: Path) -> None:
    write_entries(1)
    found, pending = findings(anchors_path, timezone.now() + timedelta(hours=1))
    assert [finding.kind for finding in found] == ["sealer_stopped"]
    assert pending is not None
    assert pending.count == 1


def test_a_missing_guard(chain: list[int], kinds: Callable) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER audit_block_refuses_delete" + (" ON audit_block" if connection.vendor == "postgresql" else ""))
    assert kinds() == ["guard_missing 触发器 audit_block_refuses_delete"]
    assert main(["audit", "guard"]) == 0
    assert kinds() == []
    assert "audit_block_refuses_delete" in Entry.objects.get(action="audit.guards.laid").payload
    assert main(["audit", "guard"]) == 0
    assert Entry.objects.filter(action="audit.guards.laid").count() == 1


def test_a_finding_says_since_when(chain: list[int], tamper: Callable, capsys: pytest.CaptureFixture[str]) -> None:
    tamper(f"DELETE FROM audit_entry WHERE id = {chain[4]}")
    assert main(["audit", "verify"]) == 1
    said = capsys.readouterr().out
    sealed = Block.objects.get(number=2).sealed_at.strftime("%Y-%m-%dT%H:%M:%S")
    assert f"第2块，记录{chain[4]}：审计记录被删除（发生在 {sealed}" in said
    assert "发现 1 处问题" in said


def test_verify_with_a_file_that_is_not_there_is_a_wrong_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "verify", "--anchors", str(tmp_path / "none")]) == 2
    assert main(["audit", "anchors"]) == 2


# -- the ledger ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def batch(transactional_db: None) -> Batch:
    """An applied batch of 2 500 rows with its entry."""
    county = Subject.objects.create(kind="county", code="431002", name="北湖区")
    made = Batch.objects.create(kind="population", title="人口")
    Row.objects.bulk_create(
        Row(
            batch=made, subject=county, county=county, measure="population", period_kind="year", period_start=date(2025, 1, 1),
            period_end=date(2026, 1, 1), quantity=number, filed=f"“{number}”\t\\\n", origin="reported", release="final",
            known_on=date(2026, 2, 1),
        )
        for number in range(2500)
    )  # fmt: skip
    with transaction.atomic():
        proof = batch_root(made.pk)
        Batch.objects.filter(pk=made.pk).update(applied_at=timezone.now(), rows_sm3=proof.sm3)
        record("ledger.batch.applied", made, after=proof.recorded())
    return made


def row_id(number: int) -> int:
    return Row.objects.unscoped("test").order_by("id").values_list("id", flat=True)[number]


def test_an_untouched_batch_is_right(batch: Batch, kinds: Callable) -> None:
    assert kinds() == []
    assert batch_root(batch.pk).rows == 2500
    assert len(batch_root(batch.pk).parts) == 3


@pytest.mark.parametrize(
    "change",
    ["quantity = 1", "rate = '1', quantity = NULL", "recorded_at = '2020-01-01 00:00:00'", "comparable = NOT comparable", "product = 'x'"],
)
def test_a_changed_row(batch: Batch, tamper: Callable, anchors_path: Path, change: str) -> None:
    tamper(f"UPDATE ledger_row SET {change} WHERE id = {row_id(1500)}")
    (finding,) = findings(anchors_path, timezone.now())[0]
    assert (finding.kind, finding.where) == ("ledger.batch.rows_changed", f"台账批次{batch.pk}")
    assert f"差异在第{row_id(1000)}–{row_id(1999)}行" in finding.what
    assert finding.since


def test_a_deleted_row(batch: Batch, tamper: Callable, anchors_path: Path) -> None:
    tamper(f"DELETE FROM ledger_row WHERE id = {row_id(2499)}")
    (finding,) = findings(anchors_path, timezone.now())[0]
    assert "原2500行，现2499行" in finding.what


def test_an_inserted_row(batch: Batch, anchors_path: Path) -> None:
    first = Row.objects.unscoped("test").order_by("id")[0]
    first.pk = None
    first.save(force_insert=True)
    (finding,) = findings(anchors_path, timezone.now())[0]
    assert "原2500行，现2501行" in finding.what


def test_a_batch_deleted_or_made_undone(batch: Batch, tamper: Callable, kinds: Callable) -> None:
    tamper(f"UPDATE ledger_batch SET applied_at = NULL WHERE id = {batch.pk}")
    assert kinds() == [f"ledger.batch.undone 台账批次{batch.pk}"]


def test_a_batch_without_entry(batch: Batch, kinds: Callable) -> None:
    made = Batch.objects.create(kind="population", title="人口", applied_at=timezone.now())
    assert kinds() == [f"ledger.batch.unproved 台账批次{made.pk}"]


def test_an_entry_without_root(batch: Batch, kinds: Callable) -> None:
    made = Batch.objects.create(kind="population", title="人口", applied_at=timezone.now())
    with transaction.atomic():
        record("ledger.batch.applied", made, after={"rows": 0})
    assert kinds() == [f"ledger.batch.rows_changed 台账批次{made.pk}"]


def test_a_withdrawal_is_proved_both_ways(batch: Batch, kinds: Callable, tamper: Callable) -> None:
    moment: datetime = timezone.now()
    Batch.objects.filter(pk=batch.pk).update(withdrawn_at=moment)
    assert kinds() == [f"ledger.batch.unproved 台账批次{batch.pk}"]
    with transaction.atomic():
        record("ledger.batch.withdrawn", batch)
    assert kinds() == []
    tamper(f"UPDATE ledger_batch SET withdrawn_at = NULL WHERE id = {batch.pk}")
    assert kinds() == [f"ledger.batch.undone 台账批次{batch.pk}"]


def test_the_leaf_of_an_entry_holds_all_columns_but_its_id(chain: list[int]) -> None:
    columns = {field.column for field in Entry._meta.concrete_fields}
    assert columns == set(ENTRY_FIELDS)
    row: list[Any] = list(Entry.objects.values_list(*ENTRY_FIELDS)[0])
    for position in range(1, len(row)):
        other = [*row]
        other[position] = row[position] - timedelta(microseconds=1) if position == 1 else "other"
        assert leaf(other) != leaf(row), ENTRY_FIELDS[position]
