"""tpp-ledger from Python: `ledger.create(url)`, `ledger.open(url)`, and the verbs of a ledger.

Importing this loads nothing else; each verb loads what it needs (docs/python.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from ledger.service.explanation import Explanation
    from ledger.service.ledger import Ledger as _Service
    from ledger.service.outcome import Outcome
    from ledger.storage.check import Invariant

__all__ = ["Ledger", "create", "open"]


class Ledger:
    """An open ledger: its verbs, and its reports as DataFrames. Use it `with`, or close() it.

    Verbs raise ledger.storage.errors.StoreError where the database will not have it and
    schemas.problems.Unusable where the input is broken; then nothing was recorded. What the rules
    say no to raises nothing: the Outcome tells.
    """

    def __init__(self, service: _Service) -> None:
        self.service = service
        service.know_duties(self._duty_ids)

    @property
    def url(self) -> str:
        """The ledger's URL."""
        return self.service.url

    def close(self) -> None:
        """Close every connection."""
        self.service.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<ledger {self.service.store.place}>"

    # Recording

    def apply(self, values: Mapping[str, object], *, retry: bool = False) -> Outcome:
        """Weigh an application: recorded as pending, or refused where it would exceed.

        `values` are those of an import file's row by heading, here and in the other verbs.
        """
        return self.service.apply(_texts(values), retry=retry)

    def issue(self, values: Mapping[str, object]) -> Outcome:
        """Record a licence that was issued; flagged where it exceeds."""
        return self.service.issue(_texts(values))

    def ship(self, values: Mapping[str, object]) -> Outcome:
        """Record a shipment that took place; flagged where it exceeds or lacks something."""
        return self.service.ship(_texts(values))

    def transfer(self, values: Mapping[str, object]) -> Outcome:
        """Record a move between data centres: two movements that stand and fall together."""
        return self.service.transfer(_texts(values))

    def record(
        self,
        kind: str,
        values: Mapping[str, object],
        *,
        source: str | None = None,
        retry: bool = False,
        actor: str | None = None,
    ) -> Outcome:
        """Record one movement; `kind` is that of an import file: "receipts", "returns", ..."""
        return self.service.record(kind, _texts(values), source=source, retry=retry, actor=actor)

    def import_file(self, path: str | Path, kind: str, **how: Any) -> Outcome:
        """Import a CSV, XLSX or Parquet file as one submission.

        `how` takes mapping, source, dry_run, rejects, retry, actor and progress, as
        ledger.service.ledger.Ledger.import_file says.
        """
        return self.service.import_file(path, kind, **how)

    def add_regime(self, regime: str | Path, options: Mapping[str, str] | None = None) -> Outcome:
        """Run one more regime beside the ledger's: it judges what is recorded from now on."""
        return self.service.add_regime(regime, options)

    def reverse(self, seqs: int | Sequence[int], reason: str, *, cascade: bool = False) -> Outcome:
        """Reverse movements. Raises ledger.service.reversal.Standing where others point at them."""
        wanted = [seqs] if isinstance(seqs, int) else list(seqs)
        return self.service.reverse(wanted, reason, cascade=cascade)

    def reverse_submission(self, number: int, reason: str, *, cascade: bool = False) -> Outcome:
        """Reverse every movement of a submission that still stands."""
        return self.service.reverse_submission(number, reason, cascade=cascade)

    def close_quarter(self, quarter: str) -> Outcome:
        """Close a quarter ("2025Q3") with its report as it stands, whose digest is recorded.

        Raises Unusable where it is closed already or not over, and ledger.service.seal.Moved
        where others record at the same time: try again.
        """
        from ledger.publish.mending import sound_copy
        from ledger.service.quarters import named
        from reports.quarters import reported

        self.service.check_closable(quarter)
        made = reported(sound_copy(self.refresh), named(quarter))
        return self.service.close_quarter(quarter, made.digest, made.known_seq)

    # Reading

    def report(self, name: str, **variables: object) -> pd.DataFrame:
        """A report as a DataFrame; `attrs["about"]` says what it is about.

        `variables` are the report's own (`ledger.report("statement", holder="India")`), among them
        as_of (a day) and known_at (an instant or "seq:N"). Holders and countries go by any name, as
        on the command line. Amounts are whole milli-TPP as exact 64-bit integers. Raises
        reports.WrongUse, with the nearest, for a name or value that will not do.
        """
        from ledger.asking import answer
        from ledger.publish.mending import over_copy
        from reports.frame import as_frame

        asked = {key: value for key, value in variables.items() if value is not None}
        with over_copy(self.refresh, lambda folder: answer(name, folder, asked)) as result:
            return as_frame(result)

    def status(self, holder: str | None = None, **variables: object) -> pd.DataFrame:
        """What remains of each budget, or of one holder's: the report "remaining"."""
        return self.report("remaining", holder=holder, **variables)

    def due(self, **variables: object) -> pd.DataFrame:
        """What must be filed, by whom and when: the report "due" (by, party, state, duty, id)."""
        return self.report("due", **variables)

    def done(self, duty: str, reference: str, on: str | None = None) -> Outcome:
        """Mark a duty as done, by its id; undone by reversal. Raises Unusable for an unknown id."""
        from ledger.service.duties import duty_done

        found = self.due(id=duty)
        party = found["party"].iloc[0] if len(found) else None
        return duty_done(self.service, duty, reference, party=party, on=on)

    def _duty_ids(self) -> list[str]:
        return [str(one) for one in self.due()["id"]]

    def movements(self, **filters: object) -> pd.DataFrame:
        """The movements that all filters hold for: party, document, kind, flag, from_on, ..."""
        return self.report("movements", **filters)

    def explain(self, seq_or_key: int | str) -> Explanation:
        """Why a movement drew on what it drew on; a seq, DOCUMENT or DOCUMENT/LINE."""
        from ledger.service.explain import explain

        return explain(self.service, seq_or_key)

    def check(self, against: str | None = None) -> list[Invariant]:
        """Every invariant recomputed, holding or not, the last that of the columnar copy.

        `against` is a chain head noted earlier.
        """
        from ledger.publish.check import check_copy
        from ledger.storage.check import check

        return [*check(self.service.store, against), check_copy(self.url)]

    def refresh(self) -> Path:
        """Bring the columnar copy up to the last commit, and return its folder."""
        from ledger.asking import fresh_copy

        return fresh_copy(self.url)


def open(url: str, *, read_only: bool = False) -> Ledger:
    """Open the ledger at a URL or path. Raises StoreError with a sentence where it cannot."""
    from ledger.service.ledger import open_ledger

    return Ledger(open_ledger(url, read_only=read_only))


def create(
    url: str,
    *,
    regime: str | Path = "ai_diffusion",
    options: Mapping[str, str] | None = None,
    beside: Sequence[str | Path] = (),
) -> Ledger:
    """Make a new ledger under a built-in regime, or one in a folder of your own, and open it.

    `beside` are further regimes that judge the same movements; their options are `REGIME:KEY`.
    Raises Unusable for a broken regime or option, StoreError where no ledger can be made.
    """
    from ledger.service.ledger import new_ledger

    return Ledger(new_ledger(url, regime=regime, options=options, beside=beside))


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    """Values as the texts of a file's cells; None is an empty cell. A float has lost digits."""
    for name, value in values.items():
        if isinstance(value, float):
            raise TypeError(f"{name}: give an int, a Decimal or text, not a float")
    return {name: str(value) for name, value in values.items() if value is not None}
