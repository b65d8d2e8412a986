"""What an answer is about: the regime, its state and options, and the ledger's place in time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from reports.catalogue import Report
from schemas.columnar import COLUMNAR_VERSION
from schemas.manifest import Manifest

if TYPE_CHECKING:
    import duckdb

# The adoption in force at a submission: the last one known, or else the first there is.
_SAID = """
WITH adoption AS (
    SELECT coalesce(max(CASE WHEN submission <= $1 THEN submission END), min(submission))
        AS submission
    FROM about
)
SELECT topic, coalesce(key, ''), from_on, value, sentence
FROM about JOIN adoption USING (submission)
WHERE (from_on IS NULL OR from_on <= $2)
    AND (topic IN ('regime', 'state', 'option') OR starts_with(topic, 'beside'))
ORDER BY topic, key, from_on NULLS FIRST
"""
_KNOWN = """
SELECT submission, recorded_at, digest FROM submission
WHERE first_seq <= $1 ORDER BY submission DESC LIMIT 1
"""


def about_of(
    connection: duckdb.DuckDBPyConnection,
    report: Report,
    values: Mapping[str, Any],
    manifest: Manifest,
) -> dict[str, Any]:
    """What an answer is about, as it stands in JSON; nothing in it is a clock's."""
    known = connection.execute(_KNOWN, [values["known_seq"]]).fetchone()
    submission, recorded_at, digest = known or (0, None, None)
    as_of = values.get("as_of")
    rows = connection.execute(_SAID, [submission, as_of or date.today()]).fetchall()
    said = {(topic, key): value for topic, key, _, value, _ in rows}
    filters = {k: _plain(v) for k, v in values.items() if k not in ("as_of", "known_seq")}
    return {
        "report": report.name,
        "title": report.title,
        "question": report.question,
        "filters": filters,
        "regime": _regime(said),
        "state": _state(rows),
        "options": _options(report, said),
        **_beside(report, rows),
        "as_of": _plain(as_of),
        "known_seq": values["known_seq"],
        "known_at": recorded_at,
        "last_seq": manifest.last_seq,
        "submission": submission,
        "chain_head": digest,
        "ledger": manifest.ledger_id,
        "columnar_version": COLUMNAR_VERSION,
    }


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _regime(said: Mapping[tuple[str, str], str]) -> dict[str, str]:
    return {key: value for (topic, key), value in said.items() if topic == "regime"}


def _state(rows: list[Any]) -> dict[str, str | None] | None:
    """The regime's state on the day: the latest of its dated sentences."""
    states = [row for row in rows if row[0] == "state"]
    if not states:
        return None
    _, _, from_on, value, sentence = max(states, key=lambda row: row[2] or date.min)
    return {"from_on": from_on.isoformat() if from_on else None, "sentence": sentence or value}


def _beside(report: Report, rows: list[Any]) -> dict[str, list[dict[str, Any]]]:
    """The regimes that run beside the first, with their states; nothing where there are none."""
    found = []
    for topic, regime, _, version, title in rows:
        if topic != "beside":
            continue
        states = [("state", *row[1:]) for row in rows if row[:2] == ("beside state", regime)]
        taken = {
            ("option", key.partition(":")[2]): value
            for of, key, _, value, _ in rows
            if of == "beside option" and key.partition(":")[0] == regime
        }
        named = {"key": regime, "title": title, "version": version}
        found.append(named | {"state": _state(states), "options": _options(report, taken)})
    return {"beside": found} if found else {}


def _options(report: Report, said: Mapping[tuple[str, str], str]) -> dict[str, str]:
    """The options in force that touch the report, by name."""
    return {
        key: value
        for (topic, key), value in said.items()
        if topic == "option" and key.partition(".")[0] in report.options
    }


def _beside_line(one: Mapping[str, Any]) -> str:
    state = f": {one['state']['sentence']}" if one["state"] else ""
    options = "".join(f"; {key} = {value}" for key, value in one["options"].items())
    return f"{one['title']} ({one['key']}){state}{options}"


def about_lines(about: Mapping[str, Any], width: int = 120) -> list[str]:
    """The same for people, as lines of a label and a text."""
    from textwrap import wrap

    regime, state = about["regime"], about["state"]
    filters = ", ".join(f"{key} = {value}" for key, value in about["filters"].items())
    options = "; ".join(f"{key} = {value}" for key, value in about["options"].items())
    known = f"seq {about['known_seq']} of {about['last_seq']}"
    if about["known_at"]:
        known += f", recorded {about['known_at']}"
    named = f"{regime.get('title', 'none adopted')} ({regime.get('key', '-')})"
    said = [
        ("Report", about["title"] + (f" ({filters})" if filters else "")),
        ("Regime", f"{named}, amounts in {regime.get('unit', 'TPP')}"),
        ("State", state["sentence"] if state else ""),
        ("Options", options),
        *(("Beside", _beside_line(one)) for one in about.get("beside", ())),
        ("As of", about["as_of"] or ""),
        ("Known", known),
        ("Chain head", f"{about['chain_head'] or 'none'} (submission {about['submission']})"),
        ("Ledger", f"{about['ledger']}, columnar version {about['columnar_version']}"),
    ]
    return [
        line
        for label, text in said
        if text
        for line in wrap(
            text,
            max(width, 40),
            initial_indent=f"{label:<11} ",
            subsequent_indent=" " * 12,
            break_on_hyphens=False,
        )
    ]
