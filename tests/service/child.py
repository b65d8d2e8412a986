"""What a test has another process do to a ledger: `python -m tests.service.child VERB ...`.

A process says `ready` on stdout and waits for a line on stdin before it begins, so that several
begin at once; a stalled one writes a line and stands still where it was told to.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ledger.service import bulk
from ledger.service.ledger import open_ledger
from ledger.service.seal import Sealer
from ledger.storage.bulk import Staging
from ledger.storage.errors import StoreError

LOT = {"exporter": "X", "ultimate_consignee": "C", "destination": "India"}
LOT |= {"chip": "nvidia-h100-sxm", "quantity": "1"}

# Where an import can be made to stand still: the class, its method, and after which call of it.
POINTS: dict[str, tuple[Any, str, int]] = {
    "staging": (Staging, "append", 1),
    "staged": (Staging, "load", 1),
    "inserted": (Staging, "finish", 1),
    "linked": (Sealer, "link", 1),
    "about to commit": (Staging, "change", 1),
}


def say(*words: object) -> None:
    """A line on stdout, at once."""
    print(*words, flush=True)


def wait_for_all() -> None:
    """Say that the process is there, and wait to be told to begin."""
    say("ready")
    sys.stdin.readline()


def stall(point: str, then: Callable[[], None] | None = None) -> None:
    """Let this process stand still where the point says (or do something else there)."""
    owner, name, turn = POINTS[point]
    original = getattr(owner, name)
    calls = [0]

    def stalled(*arguments: Any, **named: Any) -> Any:
        result = original(*arguments, **named)
        calls[0] += 1
        if calls[0] == turn:
            say("stalled")
            (then or (lambda: time.sleep(600)))()
        return result

    setattr(owner, name, stalled)


def apply(url: str, name: str, count: str) -> None:
    """Apply for one unit at a time; say how many were granted and how many refused."""
    with open_ledger(url) as ledger:
        ledger.store.close()
        wait_for_all()
        refused = 0
        for number in range(int(count)):
            asked = {"application": f"{name}-{number}", "applied_on": "2025-06-01"}
            refused += ledger.apply(LOT | asked).refused
    say(int(count) - refused, refused)


def ship(url: str, name: str, stop: str) -> None:
    """Record one shipment after another until a file stands; say how many."""
    with open_ledger(url) as ledger:
        wait_for_all()
        count = 0
        while not Path(stop).exists():
            said = {"document": f"{name}-{count}", "exported_on": "2025-06-01"}
            count += ledger.ship(LOT | said | {"authorization": "AIA"}).count
    say(count)


def load(url: str, file: str) -> None:
    """Import a file of shipments as columns; say how many movements were recorded."""
    bulk.BATCH = 64
    with open_ledger(url) as ledger:
        wait_for_all()
        say(ledger.import_file(file, "shipments", columns_from=1).count)


def load_stalled(url: str, file: str, point: str) -> None:
    """Import a file as columns and stand still on the way."""
    bulk.BATCH = 64
    stall(point)
    with open_ledger(url) as ledger:
        ledger.import_file(file, "shipments", columns_from=1)


def load_on_a_full_disk(url: str, file: str, largest: str) -> None:
    """Import a file where no file may grow beyond so many bytes; say what is raised."""
    with open_ledger(url) as ledger:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(largest), int(largest)))
        try:
            say(ledger.import_file(file, "shipments", columns_from=1).count)
        except StoreError as error:
            say(type(error).__name__, error)


def tpp(point: str, *arguments: str) -> None:
    """Run a command of `tpp` that stands still on the way."""
    from ledger.cli import main

    stall(point)
    main(list(arguments))


VERBS: dict[str, Callable[..., None]] = {
    "apply": apply,
    "ship": ship,
    "load": load,
    "load_stalled": load_stalled,
    "load_on_a_full_disk": load_on_a_full_disk,
    "tpp": tpp,
}

if __name__ == "__main__":
    VERBS[sys.argv[1]](*sys.argv[2:])
