"""Messages from central: signed, sealed, ordered, applied once, confirmed; and every way in which they may not be."""

from __future__ import annotations

import msgspec
import pytest

from edge.core.confirmation import Applied, Confirmation, sign_confirmation
from edge.core.downward import MessageKind, open_message
from edge.core.downward_apply import Standing
from edge.core.downward_content import (
    Command,
    CommandName,
    Decision,
    ListedPerson,
    ListedReference,
    PolicyFile,
    VisitListChange,
)
from edge.core.errors import InputError, PinLocked, PinRefused, StoreError
from edge.core.keys import KeyPurpose, KeyRole
from edge.core.visit import Scheme
from edge.services.inbox import MOST_WAITING
from edge.services.progress import ProgressKind
from tests.samples import sample_key
from tests.sync.forging import forged
from tests.sync.loopback import ISSUED_UTC, Bench, kinds

LI = ListedPerson(
    person_id="p-1",
    name="李小明",
    id_number="11010519491231002X",
    scheme=Scheme.RESIDENT,
    references=(ListedReference(sha256="ab" * 32, embedding=bytes(512), model_sha256="cd" * 32),),
)
SNAPSHOT = VisitListChange(version=1, base_version=0, put=(LI,))
UNLOCK = Command(name=CommandName.UNLOCK_WORKER, subject="w-1")
TASK = Decision(
    decision_id="d-1",
    record_sha256="ab" * 32,
    record_id="r-1",
    person_id="p-1",
    decision="visit_again",
    reason="photograph too dark",
    decided_utc=ISSUED_UTC,
)


def outcomes(bench: Bench) -> list[tuple[object, object]]:
    return [(row["state"], row["reason"]) for row in bench.messages()]


def envelopes(bench: Bench) -> list[bytes]:
    return [row["envelope"] for row in bench.messages() if isinstance(row["envelope"], bytes)]


def test_sync_08_messages_are_applied_in_order_once_and_confirmed(bench: Bench) -> None:
    delta = VisitListChange(version=2, base_version=1, removed=("p-1",))
    bench.issue(SNAPSHOT, UNLOCK, TASK)
    told = bench.run(steps=2)
    assert kinds(told).count(ProgressKind.APPLIED) == 3
    assert bench.listed() == {"p-1": LI}
    assert [n for n, _ in bench.inbox_store.tasks()] == [3]
    assert outcomes(bench) == [("applied", "")] * 3
    bench.issue(delta)
    bench.wire.send_due()
    bench.run()
    assert bench.listed() == {}
    assert bench.inbox_store.state().list_version == 2


def test_message_sent_again_is_confirmed_again_and_not_applied_again(bench: Bench) -> None:
    bench.issue(TASK)
    bench.run(steps=2)
    (raw,) = envelopes(bench)
    bench.wire.down.extend([raw, raw])
    confirmed = len(bench.wire.confirmed)
    bench.run()
    assert len(bench.wire.confirmed) == confirmed + 1
    assert len(list(bench.inbox_store.tasks())) == 1


def test_lost_message_is_sent_again_when_the_unit_is_heard(bench: Bench) -> None:
    bench.issue(UNLOCK)
    bench.wire.lose_messages = 1
    bench.run(steps=2)
    assert outcomes(bench) == [("queued", "")]
    bench.drain.close()
    bench.run(steps=2)
    assert outcomes(bench) == [("applied", "")]


def test_centrals_unlock_command_ends_the_lock_of_that_worker_only(bench: Bench) -> None:
    for worker_id in ("w-1", "w-2"):
        bench.unit.workers.add(worker_id, "280617")
        for _ in range(3):
            with pytest.raises((PinRefused, PinLocked)):
                bench.unit.workers.open(worker_id, "590284")
    bench.issue(UNLOCK)
    bench.run(steps=2)
    assert outcomes(bench) == [("applied", "")]
    assert bench.unit.workers.open("w-1", "280617").worker_id == "w-1"
    with pytest.raises(PinLocked):
        bench.unit.workers.open("w-2", "280617")


def test_message_before_its_turn_waits_for_the_gap(bench: Bench) -> None:
    bench.issue(SNAPSHOT, TASK, UNLOCK)
    first, second, third = envelopes(bench)
    bench.wire.post = None
    bench.wire.down.extend([third, second])
    told = bench.run(steps=2)
    assert ProgressKind.APPLIED not in kinds(told)
    assert bench.inbox_store.state().applied_sequence == 0
    bench.wire.down.append(first)
    told = bench.run()
    assert kinds(told).count(ProgressKind.APPLIED) == 3
    assert bench.inbox_store.state().applied_sequence == 3


def test_message_far_ahead_is_not_hoarded(bench: Bench) -> None:
    assert bench.inbox.take(forged(bench, MOST_WAITING + 1, UNLOCK)).remark
    assert bench.inbox_store.held(MOST_WAITING + 1) is None


def test_attack_old_visit_list_replayed(bench: Bench) -> None:
    bench.issue(SNAPSHOT, VisitListChange(version=2, base_version=1, removed=("p-1",)))
    bench.run(steps=2)
    bench.wire.down.append(envelopes(bench)[0])
    bench.run()
    assert bench.listed() == {} and bench.inbox_store.state().list_version == 2
    # Nor under a new number, were the key for lists in other hands for an hour: versions only rise.
    bench.inbox.take(forged(bench, 3, SNAPSHOT))
    assert bench.inbox_store.settled(3).reason == "list_version"
    assert bench.listed() == {}


def test_another_message_under_a_settled_number_changes_nothing(bench: Bench) -> None:
    bench.issue(UNLOCK)
    bench.run(steps=2)
    taken = bench.inbox.take(forged(bench, 1, SNAPSHOT))
    assert not taken.settled and "another message" in taken.remark
    assert bench.listed() == {}


@pytest.mark.parametrize(
    ("how", "step"),
    [
        ({"unit_id": "unit-b"}, "unit"),
        ({"central_id": "central-x"}, "issuer"),
        ({"format": "doorstep.receipt/1"}, "payload"),
        ({"sequence": 0}, "payload"),
        ({"signer": sample_key("central-test", role=KeyRole.COMMAND).signer}, "key"),
    ],
)
def test_forged_or_misdirected_message_is_told_and_not_applied(
    bench: Bench, how: dict[str, object], step: str
) -> None:
    taken = bench.inbox.take(forged(bench, 1, UNLOCK, **how))
    assert taken.remark.startswith(f"{step}:") and not taken.settled
    assert bench.inbox_store.state().applied_sequence == 0


def test_key_for_lists_cannot_command(bench: Bench) -> None:
    signer = bench.downlink._signers.by_kind[MessageKind.VISIT_LIST]
    assert bench.inbox.take(forged(bench, 1, UNLOCK, signer=signer)).remark.startswith("key:")


def test_demonstration_central_commands_no_genuine_unit(bench: Bench) -> None:
    raw = forged(bench, 1, UNLOCK)
    with pytest.raises(Exception, match="provisioned"):
        open_message(raw, bench.unit.believed(), unit_id="unit-a", purpose=KeyPurpose.PROVISIONED)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (VisitListChange(version=5, base_version=4), "list_version"),
        (VisitListChange(version=1, base_version=0, format="doorstep.visit-list/9"), "unknown_format"),
        (Command(name=CommandName.PURGE), "bad_content"),
        (PolicyFile(policy_id="a", toml=b"format = 'doorstep.policy/1'\npolicy_id = 'b'"), "unknown_format"),
        (PolicyFile(policy_id="a", toml=b"\xff"), "bad_content"),
    ],
)
def test_message_that_cannot_be_applied_is_refused_and_blocks_nothing(
    bench: Bench, content: VisitListChange, reason: str
) -> None:
    bench.issue(content, UNLOCK)
    bench.run(steps=2)
    assert outcomes(bench) == [("refused", reason), ("applied", "")]


def test_content_sealed_to_another_unit_is_refused(bench: Bench) -> None:
    stranger = forged(bench, 1, SNAPSHOT, content=b"\1" * 64)
    (item,) = bench.inbox.take(stranger).settled
    assert (item.outcome, item.reason) == (Applied.REFUSED, "not_sealed_to_unit")


def test_revoked_unit_drops_its_list_and_retired_is_for_good(bench: Bench) -> None:
    bench.issue(SNAPSHOT, Command(name=CommandName.REVOKE), SNAPSHOT, Command(name=CommandName.RETIRE))
    bench.issue(Command(name=CommandName.REINSTATE))
    bench.run(steps=2)
    assert bench.listed() == {}
    assert bench.inbox_store.state().standing is Standing.RETIRED
    reasons = ["", "", "standing", "", "standing"]
    assert [reason for _, reason in outcomes(bench)] == reasons


def test_stolen_store_shows_no_name_and_no_number(bench: Bench) -> None:
    bench.issue(SNAPSHOT, TASK)
    bench.run(steps=2)
    files = list(bench.unit.root.glob("records.sqlite3*"))
    assert files
    for needle in (LI.name.encode(), LI.id_number.encode(), TASK.reason.encode()):
        assert not any(needle in file.read_bytes() for file in files)


def test_greeting_that_nobody_heard_is_said_again(bench: Bench) -> None:
    bench.issue(UNLOCK)
    bench.wire.unheard = True
    bench.run(steps=2)
    assert outcomes(bench) == [("queued", "")]
    bench.wire.unheard = False
    bench.run(steps=3, advance_s=60)
    assert outcomes(bench) == [("applied", "")]


def test_store_settles_a_message_only_in_its_turn(bench: Bench) -> None:
    bench.issue(UNLOCK, TASK)
    bench.run(steps=2)
    item = bench.inbox_store.settled(2)
    with pytest.raises(StoreError, match="not the one after"):
        bench.inbox_store.settle(item, MessageKind.COMMAND, None)


def test_message_too_large_is_refused_before_it_is_signed(bench: Bench) -> None:
    people = tuple(msgspec.structs.replace(LI, person_id=f"p-{n}") for n in range(200))
    with pytest.raises(InputError, match="Split|at most"):
        bench.issue(VisitListChange(version=1, base_version=0, put=people))
    assert bench.messages() == []


def test_forged_confirmation_settles_nothing_at_central(bench: Bench) -> None:
    bench.issue(UNLOCK)
    stranger = sample_key("unit-a", role=KeyRole.CONFIRMATION, seed="stranger")
    said = Confirmation(unit_id="unit-a", made_utc=ISSUED_UTC, applied_sequence=1, list_version=0)
    remark, _ = bench.wire.post.take("unit-a", sign_confirmation(said, stranger.signer), at_utc=ISSUED_UTC)
    assert "key" in remark
    assert outcomes(bench) == [("queued", "")]
    beyond = msgspec.structs.replace(said, applied_sequence=7)
    raw = sign_confirmation(beyond, bench.sync_keys.confirmer)
    remark, _ = bench.wire.post.take("unit-a", raw, at_utc=ISSUED_UTC)
    assert "last one issued is 1" in remark
