"""The same debits in the ledger and in sqlite3 alone, with a cap, a trigger and a unique key.

120 countries, 500 exporters, one grant a country. Both read the same CSV, refuse or flag what
goes over, insist on unique keys, commit durably, and answer with the balance of each country;
the answers must be the same. hledger and Beancount run beside them where they are installed,
without a cap, a key or a commit.
"""

from __future__ import annotations

import csv
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Any

from bench import ledgers
from bench.processes import child
from bench.processes import run as run_process
from bench.result import Figure, Result, Size, median

COUNTRIES, EXPORTERS, CACHE_MB = 120, 500, 256
# An exception without a condition on these rows, and the option that makes it count.
AUTHORIZATION, OPTION = "TMP", "exceptions_count_tmp"
_CHIP, _USD, _MOST_UNITS = "nvidia-h100-sxm", 27_500, 4


def run(size: Size) -> Result:
    """Ledger and sqlite3 in turn; medians."""
    path = debits(size.work, size.rows)
    ours: list[dict[str, Any]] = []
    bare: list[dict[str, Any]] = []
    store = size.work / "race.db"
    for _ in range(size.rounds):
        for timed, function in ((ours, "in_ledger"), (bare, "in_sqlite3")):
            ledgers.remove(store)
            child("bench.race:prepared", function=function, store=str(store))
            timed.append(child(f"bench.race:{function}", store=str(store), path=str(path)).value)
    ledgers.remove(store)
    assert ours[0]["balances"] == bare[0]["balances"], "the balances differ"
    took, alone = [one["seconds"] for one in ours], [one["seconds"] for one in bare]
    claim = f"race: {size.rows:,} debits and the balances, by sqlite3 alone"
    return Result(
        "race",
        (Figure(claim, median(took), median(alone), 1),),
        tuple(_others(size)),
        {"ledger": took, "sqlite3": alone},
    )


def debits(work: Path, rows: int) -> Path:
    """A CSV of so many debits that all fit; made once."""
    path = work / f"debits-{rows}.csv"
    if not path.exists():
        work.mkdir(parents=True, exist_ok=True)
        child("bench.race:write_debits", path=str(path), rows=rows)
    return path


def write_debits(path: str, rows: int) -> None:
    """Write debits over the first countries by code, each in keeping with its grant."""
    import duckdb

    grants = _grants()
    unit = _unit()
    room = min(grants.values()) // unit * COUNTRIES // rows * 4 // 5
    most = max(min(room, _MOST_UNITS), 1)
    connection = duckdb.connect()
    connection.execute("CREATE TABLE country (code VARCHAR, no BIGINT)")
    connection.executemany(
        "INSERT INTO country VALUES (?, ?)", [(code, no) for no, code in enumerate(grants)]
    )
    connection.execute(
        f"""COPY (SELECT printf('D%011d', i * 2654435761 % 10000000019) AS document,
            DATE '2025-06-01' + (hash(i, 'day') % 480)::INTEGER AS exported_on,
            printf('Exporter %03d', hash(i, 'exporter') % {EXPORTERS}) AS exporter,
            'Site ' || code AS ultimate_consignee, code AS destination,
            '{AUTHORIZATION}' AS authorization, '{_CHIP}' AS chip, units AS quantity,
            {_USD} AS unit_value_usd, printf('%d', units * {unit} // 1000) AS tpp
        FROM (SELECT i, 1 + hash(i, 'units') % {most} AS units FROM range({rows}) t(i))
        JOIN country ON no = hash(i, 'country') % {COUNTRIES}::UBIGINT)
        TO '{path}' (FORMAT csv, HEADER)"""
    )


def _grants() -> dict[str, int]:
    """The first countries by code and what each is granted, in milli-TPP."""
    from ledger.policy.reader import read_regime

    budget = read_regime("ai_diffusion").budgets["country_allocation"]
    (window,) = budget.windows_known()
    codes = sorted(code for code, _ in budget.known_holders())[:COUNTRIES]
    found = {code: budget.limit(code, window) for code in codes}
    return {code: limit.milli for code, limit in found.items() if limit}


def _unit() -> int:
    from ledger.catalogue.reader import read_catalogue
    from ledger.policy.reader import read_regime
    from ledger.service.rulebook import Rulebook

    unit = Rulebook(read_regime("ai_diffusion"), {}, read_catalogue()).unit_mtpp(_CHIP)
    assert unit % 1000 == 0, unit
    return unit


def prepared(function: str, store: str) -> None:
    """The empty store, its grants on record."""
    if function == "in_ledger":
        from ledger.service.ledger import new_ledger

        new_ledger(ledgers.url_of(Path(store)), options={OPTION: "yes"}).close()
        return
    with closing(sqlite3.connect(store)) as connection:
        connection.executescript(_TABLES)
        connection.executemany("INSERT INTO country VALUES (?, ?, 0)", list(_grants().items()))
        connection.commit()


def in_ledger(store: str, path: str) -> dict[str, Any]:
    """Import into the ledger: seconds until the balances are known, and the balances."""
    began = perf_counter()
    from ledger.service.ledger import open_ledger
    from schemas.kinds import FileKind

    with open_ledger(ledgers.url_of(Path(store))) as ledger:
        outcome = ledger.import_file(Path(path), FileKind.SHIPMENTS)
    with closing(sqlite3.connect(store)) as connection:
        balances = connection.execute(_OUR_BALANCES).fetchall()
    seconds = perf_counter() - began
    assert outcome.clean, (outcome.problems[:3], outcome.counts)
    return {"seconds": seconds, "balances": balances}


_OUR_BALANCES = """
SELECT holder, posted_mtpp FROM balance JOIN budget USING (budget_no)
WHERE posted_mtpp > 0 ORDER BY holder
"""

_TABLES = """
CREATE TABLE country (code TEXT PRIMARY KEY, granted INTEGER NOT NULL, used INTEGER NOT NULL,
    CHECK (used <= granted)) WITHOUT ROWID;
CREATE TABLE debit (seq INTEGER PRIMARY KEY, document TEXT NOT NULL UNIQUE, day TEXT NOT NULL,
    exporter TEXT NOT NULL, country TEXT NOT NULL REFERENCES country, amount INTEGER NOT NULL);
CREATE TRIGGER debited AFTER INSERT ON debit BEGIN
    UPDATE country SET used = used + NEW.amount WHERE code = NEW.country;
END;
"""


def in_sqlite3(store: str, path: str) -> dict[str, Any]:
    """The same with sqlite3 alone: every row through a trigger, a CHECK and a unique key."""
    began = perf_counter()
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        run_sql = connection.execute
        for pragma in ("journal_mode = WAL", "synchronous = FULL", f"cache_size = -{CACHE_MB}000"):
            run_sql(f"PRAGMA {pragma}")
        run_sql("BEGIN IMMEDIATE")
        with Path(path).open(newline="", encoding="utf-8") as file:
            rows = csv.reader(file)
            place = {name: at for at, name in enumerate(next(rows))}
            names = ("document", "exported_on", "exporter", "destination", "tpp")
            key, day, who, country, tpp = (place[name] for name in names)
            connection.executemany(
                "INSERT INTO debit VALUES (NULL, ?, ?, ?, ?, ?)",
                ((r[key], r[day], r[who], r[country], int(r[tpp]) * 1000) for r in rows),
            )
        run_sql("COMMIT")
        asked = "SELECT code, used FROM country WHERE used > 0 ORDER BY code"
        balances = run_sql(asked).fetchall()
    return {"seconds": perf_counter() - began, "balances": balances}


# Plain-text accounting, where it is installed

_PROGRAMS = {
    "hledger": ("hledger", ["hledger", "-f", "{path}", "balance", "-O", "csv"]),
    "Beancount": (
        "bean-query",
        ["bean-query", "-f", "csv", "{path}", "SELECT account, sum(number) GROUP BY account"],
    ),
}


# Each keeps its whole book in memory: of a million debits that were some ten gigabytes.
_OTHERS_MOST = 200_000


def _others(size: Size) -> list[str]:
    """How long others take for such debits, or the first so many of them, one round each."""
    rows = min(size.rows, _OTHERS_MOST)
    debits_path = debits(size.work, rows)
    said = []
    for name, (program, command) in _PROGRAMS.items():
        if shutil.which(program) is None:
            said.append(f"{name} is not installed")
            continue
        book = size.work / f"debits-{rows}.{name.lower()}"
        _write_book(debits_path, book, beancount=name == "Beancount")
        found = run_process([part.format(path=book) for part in command])
        took = f"{found.wall:.1f} s ({found.cpu:.1f} s of processors), {found.peak_mb:,.0f} MB"
        said.append(f"{name}, {rows:,} debits: {took} (no cap, no key)")
    return said


def _write_book(debits_path: Path, book: Path, *, beancount: bool) -> None:
    with debits_path.open(newline="", encoding="utf-8") as file, book.open("w") as out:
        if beancount:
            codes = sorted({row["destination"] for row in csv.DictReader(file)})
            accounts = [*(f"Expenses:Used:C{code}" for code in codes), "Equity:Granted"]
            out.writelines(f"2025-01-01 open {account} TPP\n" for account in accounts)
            file.seek(0)
        for row in csv.DictReader(file):
            mark = f'* "{row["document"]}"' if beancount else row["document"]
            account = f"Expenses:Used:C{row['destination']}"
            out.write(f"{row['exported_on']} {mark}\n  {account}  {row['tpp']} TPP\n")
            out.write("  Equity:Granted\n\n")
