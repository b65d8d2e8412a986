"""Cases as text tables: what happens, day by day, and what the ledger says to it.

A table's first line names its columns, separated by `|`; each line below is one act. `act` says
which; `says` lists the codes found (`refused:` before a refusal's; empty: nothing); every other
column is a heading of the import file or SHORT for one, an empty cell leaving it out. What a line
does not say is taken from USUAL; its document (`no`) is its act and place. A shipment's papers are
in order, unless the table has a column of its own for them (`certified`, `noticed`, `eccn`), and
whom goods go to under UVEU holds that authorization, unless it has one for the `status` of parties.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ledger.publish import refresh
from ledger.service.about import about_rows
from ledger.service.ledger import Ledger
from ledger.service.outcome import Outcome
from reports import run
from schemas.kinds import FILE_MOVEMENTS, FileKind
from schemas.tpp import grouped
from tests.service.books import rows

USUAL = {"exporter": "X", "ultimate_consignee": "C", "chip": "nvidia-h100-sxm", "quantity": "1"}
SHORT = {
    "to": "destination",
    "by": "authorization",
    "under": "licence",
    "of": "shipment",
    "units": "quantity",
    "usd": "unit_value_usd",
    "ordered": "order_quantity",
    "consignee": "ultimate_consignee",
    "parent": "ultimate_parent",
    "from": "from_country",
    "out": "from_facility",
    "in": "to_facility",
    "arrives": "received_on",
    "certified": "certificate_on",
    "cert": "certificate_on",
    "for": "ultimate_consignee",
    "other": "other_party",
    "noticed": "notice_on",
    "tested": "test_on",
    "hq": "consignee_hq",
    "ops": "operations",
    "base": "base_operations",
    "since": "further_operations",
    "derives": "from_published",
    "top": "frontier_operations",
    "synth": "synthetic_percent",
    "made": "generation_operations",
    "taught": "generator_operations",
    "open": "generator_published",
    "secured": "facility_secured",
    "at": "facility",
    "evidence": "reference",
}
LAW = Path(__file__).parents[2] / "ledger/policy/ai_diffusion"

# Each act: the import file it is a row of, the headings of its document and day, and its kind.
ACTS = {
    "apply": ("applications", "application", "applied_on", ""),
    "licence": ("licences", "licence", "issued_on", ""),
    "ship": ("shipments", "document", "exported_on", ""),
    "reexport": ("shipments", "document", "exported_on", "reexport"),
    "transfer": ("shipments", "document", "exported_on", "in_country_transfer"),
    "receive": ("receipts", "document", "received_on", ""),
    "install": ("receipts", "document", "received_on", "installation"),
    "remove": ("receipts", "document", "received_on", "removal"),
    "move": ("transfers", "document", "transferred_on", ""),
    "return": ("returns", "document", "returned_on", ""),
    "loss": ("returns", "document", "returned_on", "attrition"),
    **{
        kind: ("adjustments", "document", "effective_on", kind)
        for kind in ("uplift", "amendment", "block", "unblock", "suspend", "reinstate")
    },
    **{
        kind: ("declarations", "document", "effective_on", kind)
        for kind in (
            *("ownership", "party_merged", "official_status", "installed_base"),
            *("certificate", "notice", "condition"),
        )
    },
    "weights": ("weights", "document", "transferred_on", ""),
    **{
        str(kind): ("acts", "document", "effective_on", str(kind))
        for kind in FILE_MOVEMENTS[FileKind.ACTS]
    },
}
LOTS = ("applications", "licences", "shipments")
POINTING = ("receipts", "returns")


def lines(text: str) -> list[dict[str, str]]:
    """The lines of a table as dictionaries, empty cells left out."""
    names = headings(text)
    _, *body = (line for line in text.splitlines() if line.strip())
    cells = [[cell.strip() for cell in line.split("|")] for line in body]
    return [{n: c for n, c in zip(names, line, strict=True) if c} for line in cells]


def headings(text: str) -> list[str]:
    """The columns of a table, in the words of the files."""
    head = next(line for line in text.splitlines() if line.strip())
    return [SHORT.get(name.strip(), name.strip()) for name in head.split("|")]


def play(ledger: Ledger, text: str) -> list[Outcome]:
    """Do what a table says, line by line, and compare what the ledger says with `says`."""
    outcomes = []
    for number, line in enumerate(lines(text), start=1):
        outcome = act(ledger, number, line, headings(text))
        outcomes.append(outcome)
        said = ", ".join(outcome.counts)
        assert said == line.get("says", ""), f"line {number}: {line}"
    return outcomes


def act(
    ledger: Ledger, number: int, line: dict[str, str], columns: Collection[str] = ()
) -> Outcome:
    """One line of a table as one submission."""
    name = line["act"]
    kind, document, day, movement = ACTS[name]
    values = {document: f"{name} {number}", day: line["day"]}
    if movement:
        values["kind"] = movement
    if kind in LOTS:
        usual = dict(USUAL)
        if ledger.rulebook.regime.counts == "amounts":
            usual = {n: v for n, v in usual.items() if n not in ("chip", "quantity")}
        values |= usual
    elif kind == "weights":
        values |= {n: USUAL[n] for n in ("exporter", "ultimate_consignee")} | {"model": "M"}
    elif kind == "transfers":
        values |= {n: v for n, v in USUAL.items() if n in ("chip", "quantity")}
        if ledger.rulebook.regime.counts == "amounts":
            values = {n: v for n, v in values.items() if n not in ("chip", "quantity")}
        values |= {"owner": "O", "from_facility": "Hall A", "to_facility": "Hall B"}
    elif kind in POINTING:
        values["exporter"] = USUAL["exporter"]
    if movement == "uplift":
        values["reference"] = "an assurance"
    if kind == "shipments":
        values |= {n: v for n, v in papers(line["day"]).items() if n not in columns}
    given = {n: v for n, v in line.items() if n not in ("act", "day", "says", "no")}
    if kind == "transfers":
        given = {"to_country" if n == "destination" else n: v for n, v in given.items()}
    if "no" in line:
        given[document] = line["no"]
    if given.get("authorization") == "UVEU" and "status" not in columns:
        put_on_file(ledger, values | given)
    return ledger.record(kind, values | given)


def put_on_file(ledger: Ledger, said: dict[str, str], status: str = "UVEU") -> None:
    """Declare, once, that whom goods go to holds an authorization of its own since before."""
    party = said.get("to_owner") or said.get("owner") or said["ultimate_consignee"]
    declared = {"kind": "official_status", "effective_on": "2025-01-01", "status": status}
    ledger.record("declarations", {"document": f"{status} of {party}", "party": party, **declared})


def papers(day: str) -> dict[str, str]:
    """A certificate, a notice, a test and an ECCN that are early enough for a shipment of a day."""
    early = str(date.fromisoformat(day) - timedelta(30))
    return {"certificate_on": day, "notice_on": early, "test_on": day, "eccn": "3A090.a"}


def standing(ledger: Ledger) -> str:
    """Every budget that anything was drawn on, as a table: thousandths only where there are any."""
    said = []
    budgets = {b["budget_no"]: b for b in rows(ledger.url, "budget")}
    for balance in rows(ledger.url, "balance"):
        budget = budgets[balance["budget_no"]]
        names = ("adjustment", "pending", "held", "posted", "lapsed", "safe")
        amounts = [balance[f"{name}_mtpp"] for name in names]
        if not any(amounts):
            continue
        adjustment, _, held, posted, lapsed, _ = amounts
        remaining = budget["limit_mtpp"] + adjustment - held - posted - lapsed
        parts = [f"{n} {grouped(a)}" for n, a in zip(names, amounts, strict=True) if a]
        where = f"{budget['holder_name']} {budget['window']}"
        said.append(f"{where}: {', '.join(parts)}; remaining {grouped(remaining)}")
    return "\n".join(sorted(said))


def stands(ledger: Ledger, text: str) -> None:
    """Compare what is drawn with lines of `holder window: amounts; remaining amount`."""
    expected = sorted(line.strip() for line in text.splitlines() if line.strip())
    assert standing(ledger).splitlines() == expected


def owed(ledger: Ledger, as_of: str, text: str, **asked: str) -> list[dict[str, Any]]:
    """Compare what is due on a day with a table of some of its columns; the rows in full."""
    folder = refresh(ledger.url, lambda: about_rows(ledger.url)).folder
    with run("due", folder, {"as_of": as_of, **asked}) as result:
        names = [column.name for column in result.columns]
        found = [dict(zip(names, row, strict=True)) for row in result.rows()]
    columns = headings(text)
    cells = [{n: str(v) for n, v in row.items() if n in columns and v} for row in found]
    expected = lines(text)
    assert cells == expected, "\n".join(f"{row['id']}: {row['why']}" for row in found)
    return found


def in_amounts(folder: Path) -> Path:
    """The rule as it is, but weighing the amounts that a file gives instead of chips."""
    copy = folder / "in_amounts"
    if copy.exists():
        return copy
    shutil.copytree(LAW, copy)
    file = copy / "regime.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('counts = "chips"', 'counts = "amounts"'), encoding="utf-8")
    return copy


def licensed(ledger: Ledger, text: str) -> None:
    """Compare the licence lines with a table: each way their amount went, and how they stand."""
    expected = lines(text)
    found = []
    for line in rows(ledger.url, "licence_line"):
        ways = {n: line[f"{n}_mtpp"] for n in ("used", "held", "lapsed", "back")}
        said = {name: grouped(amount) for name, amount in ways.items() if amount}
        said |= {"licence": line["licence"], "line": line["line"], "state": line["state"]}
        said |= {n: str(line[n]) for n in ("gone_quantity", "closed_on", "expires_on") if line[n]}
        found.append(said)
    names = text.split("\n")[1].split("|") if text.startswith("\n") else []
    kept = {SHORT.get(name.strip(), name.strip()) for name in names}
    found = [{n: v for n, v in said.items() if n in kept} for said in found]
    assert found == expected
