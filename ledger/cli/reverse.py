"""`tpp reverse`: undo movements by their opposite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ledger.cli.exits import Exit, WrongUse, say
from ledger.cli.settings import ledger_option, opened

if TYPE_CHECKING:
    from ledger.service.dependents import Standing


@click.command()
@click.argument("seqs", type=click.IntRange(min=1), nargs=-1, metavar="[SEQ]...")
@click.option(
    "--submission", type=click.IntRange(min=1), metavar="N", help="All of this submission."
)
@click.option("--reason", required=True, metavar="TEXT", help="Why; kept with the reversal.")
@click.option("--cascade", is_flag=True, help="Reverse what depends on them as well.")
@click.option("--dry-run", is_flag=True, help="Name what would be reversed, and record nothing.")
@ledger_option
def reverse(
    seqs: tuple[int, ...], submission: int | None, reason: str, cascade: bool, dry_run: bool
) -> None:
    """Reverse movements, or a whole submission.

    Nothing is deleted: the opposite of every entry is recorded, dated as the original. Refused
    while other movements point at one, say shipments at their licence (--cascade takes them
    along). The reversal of a reversal restores what it had reversed.

    \b
    Examples:
      tpp reverse 1042 --reason "typed twice"
      tpp reverse 1042 --reason "never issued" --cascade --dry-run
      tpp reverse --submission 7 --reason "wrong file"
    """  # noqa: D301
    if bool(seqs) == (submission is not None):
        raise WrongUse("name movements by their seq, or one --submission")
    from ledger.cli.outcomes import tell_findings
    from ledger.service.dependents import Standing

    with opened() as ledger:
        regimes = ledger.rulebook.regimes
        try:
            if submission is None:
                outcome = ledger.reverse(seqs, reason, cascade=cascade, dry_run=dry_run)
            else:
                outcome = ledger.reverse_submission(
                    submission, reason, cascade=cascade, dry_run=dry_run
                )
        except Standing as standing:
            raise WrongUse(_sentence(standing)) from standing
    if dry_run:
        for line in outcome.warnings:
            click.echo(f"would {line}")
        say("nothing was recorded")
        return
    last = outcome.first_seq + outcome.count - 1
    seqs_said = f"seq {outcome.first_seq}" + (f"-{last}" if outcome.count > 1 else "")
    click.echo(f"reversed {outcome.count:,}; the reversals are {seqs_said}")
    tell_findings(outcome, regimes)
    click.get_current_context().exit(Exit.DONE if outcome.clean else Exit.FLAGGED)


def _sentence(standing: Standing, most: int = 5) -> str:
    """Which movements depend on which, the first few."""
    said = []
    if standing.by:
        pairs = _pairs(standing.by, standing.named, "by", most)
        said.append(f"live movements point at {pairs}")
    if standing.since:
        pairs = _pairs(standing.since, standing.named, "now", most)
        said.append(f"others were recorded since in place of {pairs}")
    return (
        f"{'; '.join(said)}: reverse those first,"
        " or take them along with --cascade. Nothing was recorded"
    )


def _pairs(found: dict[int, list[int]], named: dict[int, str], by: str, most: int) -> str:
    pairs = [
        f"seq {seq} ({by} {', '.join(named[one] for one in seqs[:most])}"
        f"{f' and {len(seqs) - most:,} more' if seqs[most:] else ''})"
        for seq, seqs in list(found.items())[:most]
    ]
    more = f" and {len(found) - most:,} more" if len(found) > most else ""
    return "; ".join(pairs) + more
