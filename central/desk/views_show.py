"""Pages that only show: units, a person's history, reports, the log; and the figures for Prometheus."""

from __future__ import annotations

import csv
import io
import re
from itertools import islice
from typing import Any

from starlette.responses import Response

from central.clock import as_utc
from central.desk.at import At, Room
from central.desk.views_review import opened
from central.rows import bundles, status
from central.rows.accounts import Accounts
from central.rows.gaps import gaps
from central.rows.people import People
from central.rows.reviews import GROUPS, Reviews
from central.status import last_status
from central.store import Transaction
from edge.core.protocol import LinkState
from edge.gate.words import Words

GAPS_SHOWN = 5
IMPORTED = re.compile(r"(\d+) taken, (\d+) not")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def units(at: At) -> Response:
    with at.room.store.transaction() as transaction:
        reviews = Reviews(transaction)
        told = {row["unit_id"]: row for row in status.all_known(transaction.connection)}
        rows = [_unit(transaction, row, told.get(row["unit_id"])) for row in reviews.units()]
        alarms = reviews.alarms()
    return at.show("units", rows=rows, alarms=alarms)


def _unit(transaction: Transaction, row: dict[str, Any], told: dict[str, Any] | None) -> dict[str, Any]:
    missing = gaps(transaction, row["unit_id"], gap_free=row["gap_free_sequence"])
    newest = Reviews(transaction).newest_envelope(row["unit_id"], row["highest"])
    record = opened(newest) if newest else None
    said = last_status(told) if told else None
    return {
        **row,
        **Reviews(transaction).messaging(row["unit_id"]),
        "gaps": list(islice(missing, GAPS_SHOWN)),
        "clock": record.clock if record else None,
        "software": said.software if said else record.provenance.software if record else "",
        "said": said,
        "online": bool(told and told["state"] == LinkState.ONLINE),
        "last_utc": max(row["last_utc"] or "", told["seen_utc"] if told else ""),
        "bundle": next(iter(bundles.standings(transaction.connection, bundles.BUNDLES, row["unit_id"])), None),
    }


def person(at: At) -> Response:
    """All visits of a person. The number comes in a form, so that it stands in no URL."""
    person_id = at.form.text("person_id")
    with at.room.store.transaction() as transaction:
        rows = Reviews(transaction).history(person_id) if person_id else []
        found = People(transaction, at.room.vault).get(person_id) if person_id else None
        if person_id:
            Accounts(transaction).log(at.visitor.username, "history_opened", at_utc=as_utc(at.at))
    due = found.due_date if found else ""
    return at.show("person", rows=rows, person_id=person_id, due=due)


def reports(at: At) -> Response:
    by = at.query.get("by", "village")
    if by not in GROUPS:
        return at.message("not_found", status=404)
    with at.room.store.transaction() as transaction:
        rows = Reviews(transaction).counts(by)
    return at.show("reports", rows=rows, by=by, groups=list(GROUPS))


def reports_csv(at: At) -> Response:
    by = at.query.get("by", "village")
    if by not in GROUPS:
        return at.message("not_found", status=404)
    with at.room.store.transaction() as transaction:
        rows = Reviews(transaction).counts(by)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([by, "outcome", "records", "reviewed"])
    for row in rows:
        writer.writerow([_cell(row["group"]), row["outcome"], row["records"], row["decided"]])
    headers = {"Content-Disposition": f'attachment; filename="report-{by}.csv"'}
    # The mark lets Excel read Chinese as UTF-8.
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _cell(text: str) -> str:
    """A cell that a spreadsheet will not run."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def log(at: At) -> Response:
    with at.room.store.transaction() as transaction:
        rows = Accounts(transaction).logged()
    return at.show("log", rows=[{**row, "detail": _detail(at.words, row)} for row in rows])


def _detail(words: Words, row: dict[str, Any]) -> str:
    """What stands beside an action, in the page's words where it is one of ours."""
    detail: str = row["detail"]
    if row["action"] == "list_imported" and (counts := IMPORTED.fullmatch(detail)):
        return f"{counts[1]} {words('lists.taken')} · {counts[2]} {words('lists.wrong')}"
    room = {"decided": "choice", "account_added": "role", "sign_in_refused": "sign_in_refused"}.get(row["action"])
    return words(f"{room}.{detail}") if room else detail


def metrics(room: Room) -> str:
    """Prometheus' text format; counts only, nothing of any person."""
    with room.store.transaction() as transaction:
        reviews = Reviews(transaction)
        units = reviews.units()
        figures: list[tuple[str, str, float]] = [
            ("doorstep_units", "", len(units)),
            ("doorstep_reviews_waiting", "", reviews.count_waiting()),
            *((f"doorstep_{name}", "", count) for name, count in reviews.totals().items()),
        ]
        figures += [
            ("doorstep_records", f'{{outcome="{row["group"]}"}}', row["records"]) for row in reviews.counts("outcome")
        ]
        told = status.all_known(transaction.connection)
        online = sum(1 for row in told if row["state"] == LinkState.ONLINE)
        said = [found for row in told if (found := last_status(row)) is not None]
        figures.append(("doorstep_units_online", "", online))
        for name in ("outbox_open", "outbox_quarantined", "evidence_open"):
            figures.append((f"doorstep_unit_{name}", "", sum(getattr(one, name) for one in said)))
        missing = sum(u["highest"] - u["records"] for u in units)
    figures.append(("doorstep_records_missing", "", missing))
    lines: list[str] = []
    for name, labels, value in figures:
        if not lines or f"# TYPE {name} gauge" not in lines:
            lines.append(f"# TYPE {name} gauge")
        lines.append(f"{name}{labels} {value}")
    return "\n".join(lines) + "\n"
