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
    AND topic IN ('regime', 'state', 'option')
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


def _options(report: Report, said: Mapping[tuple[str, str], str]) -> dict[str, str]:
    """The options in force that touch the report, by name."""
    return {
        key: value
        for (topic, key), value in said.items()
        if topic == "option" and key.partition(".")[0] in report.options
    }


def about_lines(about: Mapping[str, Any], width: int = 120) -> list[str]:
    """The same for people, as lines of a label and a text."""
    from textwrap import wrap

    regime, state = about["regime"], about["state"]
    filters = ", ".join(f"{key} = {value}" for key, value in about["filters"].items())
    options = "; ".join(f"{key} = {value}" for key, value in about["options"].items())
    known = f"seq {about['known_seq']} of {about['last_seq']}"
    if about["known_at"]:
        known += f", recorded {about['known_at']}"
    said = {
        "Report": about["title"] + (f" ({filters})" if filters else ""),
        "Regime": f"{regime.get('title', 'none adopted')} ({regime.get('key', '-')}),"
        f" amounts in {regime.get('unit', 'TPP')}",
        "State": state["sentence"] if state else "",
        "Options": options,
        "As of": about["as_of"] or "",
        "Known": known,
        "Chain head": f"{about['chain_head'] or 'none'} (submission {about['submission']})",
        "Ledger": f"{about['ledger']}, columnar version {about['columnar_version']}",
    }
    return [
        line
        for label, text in said.items()
        if text
        for line in wrap(
            text,
            max(width, 40),
            initial_indent=f"{label:<11} ",
            subsequent_indent=" " * 12,
            break_on_hyphens=False,
        )
    ]
