"""What a submission came to, told: one line on stdout, the reasons on stderr, an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ledger.cli.exits import Exit, answer, problem_lines, say

if TYPE_CHECKING:
    from ledger.policy.types import Regime
    from ledger.service.outcome import Found, Outcome

# How many findings and problems of an import are told; all findings are in the ledger, all
# problems in the rejects file.
SHOWN = 5


def counts_line(outcome: Outcome, *, dry_run: bool = False) -> str:
    """What was recorded, known, rejected, left out and flagged, on one line."""
    verb = "would record" if dry_run else "recorded"
    last = outcome.first_seq + outcome.count - 1
    kept = f"{verb} {outcome.count - outcome.refused:,}"
    if outcome.count and not dry_run:
        seqs = f"seq {outcome.first_seq}" + (f"-{last}" if outcome.count > 1 else "")
        kept += f" ({seqs}, submission {outcome.submission})"
    parts = [kept]
    for count, word in (
        (outcome.refused, "refused"),
        (outcome.already, "already recorded"),
        (outcome.already_refused, "already refused"),
        (outcome.rejected, "rejected"),
    ):
        if count:
            parts.append(f"{count:,} {word}")
    if outcome.filtered:
        every = ", ".join(f"{name}: {count:,}" for name, count in outcome.filtered.items())
        parts.append(f"{sum(outcome.filtered.values()):,} filtered out ({every})")
    return ", ".join(parts) + _flag_counts(outcome)


def _flag_counts(outcome: Outcome) -> str:
    from ledger.refusals import REFUSALS, Family

    said = ""
    facts = {c: n for c, n in outcome.counts.items() if not c.startswith("refused:")}
    for label, wanted in (("breaches", False), ("notes", True)):
        chosen = {c: n for c, n in facts.items() if (REFUSALS[c].family is Family.NOTE) is wanted}
        if chosen:
            order = [code for code in REFUSALS if code in chosen]
            every = ", ".join(f"{code} {chosen[code]:,}" for code in order)
            said += f"; {label}: {every}"
    return said


def tell_import(outcome: Outcome, regimes: Sequence[Regime], *, dry_run: bool) -> Exit:
    """Tell what an import came to; the exit code that goes with it."""
    answer(counts_line(outcome, dry_run=dry_run))
    say(*outcome.warnings)
    if outcome.rejected or outcome.problems:
        say("rejected:", *(f"  {line}" for line in problem_lines(outcome.problems, SHOWN)))
        if outcome.rejects_file:
            say(f"the rejected rows, with the reasons: {outcome.rejects_file}")
    _tell_findings(outcome, regimes, dry_run=dry_run)
    return Exit.DONE if outcome.clean else Exit.FLAGGED


def _tell_findings(outcome: Outcome, regimes: Sequence[Regime], *, dry_run: bool) -> None:
    """One finding of each code, the weightiest first."""
    from ledger.refusals import by_precedence

    first: dict[str, Found] = {}
    for found in outcome.findings:
        first.setdefault(found.code, found)
    for code in by_precedence(list(first))[:SHOWN]:
        found = first[code]
        place = f"row {found.row}" if dry_run else f"seq {found.seq}"
        say(*finding_lines(found, regimes, place, refused=code not in outcome.counts))
    total = sum(outcome.counts.values())
    if total > min(len(first), SHOWN) and outcome.submission is not None:
        say(
            f"one of each kind is shown; `tpp movements --submission {outcome.submission}"
            f" --flag CODE` lists them ({total:,} in all)"
        )


def tell_findings(outcome: Outcome, regimes: Sequence[Regime]) -> None:
    """What the movements of an outcome were flagged with, the weightiest of each code."""
    _tell_findings(outcome, regimes, dry_run=False)


def tell_one(outcome: Outcome, regimes: Sequence[Regime]) -> Exit:
    """Tell what became of one movement typed by hand; the exit code that goes with it."""
    for found in outcome.findings:
        refused = bool(outcome.refused)
        say(*finding_lines(found, regimes, f"seq {found.seq}", refused=refused))
    say(*outcome.warnings)
    if outcome.problems:
        say(*problem_lines(outcome.problems, SHOWN), "nothing was recorded")
        return Exit.USAGE
    if outcome.already or outcome.already_refused:
        (first, *_) = outcome.repeated
        if first.refused:
            answer(f"already refused, seq {first.seq}")
            say("nothing was recorded; --retry weighs it anew")
            return Exit.REFUSED
        answer(f"already recorded, seq {first.seq}")
        return Exit.DONE
    if outcome.refused:
        answer(f"refused; the refusal is recorded as seq {outcome.first_seq}")
        return Exit.REFUSED
    more = f"-{outcome.first_seq + outcome.count - 1}" if outcome.count > 1 else ""
    answer(f"recorded, seq {outcome.first_seq}{more}")
    return Exit.DONE if outcome.clean else Exit.FLAGGED


def finding_lines(
    found: Found, regimes: Sequence[Regime], place: str, *, refused: bool
) -> list[str]:
    """A finding as a person reads it: code and sentence, then what it is on and its citation.

    `regimes` are the ledger's, `place` names the movement; `refused`: it is the reason of a
    refusal, and not a breach by a fact.
    """
    from ledger.refusals import Family
    from ledger.service.findings import Circumstance, citation, said, speaker

    rule, holder, window = found.budget or (None, "", "")
    kind = "refused" if refused else "breach"
    if found.family is Family.NOTE:
        kind = "note"
    on = f"{holder} {window} ({rule})" if rule else ""
    regime = speaker(regimes, rule, found.detail)
    source = citation(found.code, regime, Circumstance(rule=rule))
    line = f" line {found.line}" if found.line != "1" else ""
    return [
        f"{kind}: {said(found, regime.unit)} [{found.code}]",
        "  " + "; ".join(part for part in (f"{place}, {found.document}{line}", on, source) if part),
    ]
