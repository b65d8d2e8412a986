"""`tpp reverse`: undo movements by their opposite."""

from __future__ import annotations

import click

from ledger.cli.exits import Exit, WrongUse, say
from ledger.cli.settings import ledger_option, opened


@click.command()
@click.argument("seqs", type=click.IntRange(min=1), nargs=-1, metavar="[SEQ]...")
@click.option(
    "--submission", type=click.IntRange(min=1), metavar="N", help="All of this submission."
)
@click.option("--reason", required=True, metavar="TEXT", help="Why; kept with the reversal.")
@click.option("--cascade", is_flag=True, help="Reverse what points at them as well.")
@ledger_option
def reverse(seqs: tuple[int, ...], submission: int | None, reason: str, cascade: bool) -> None:
    """Reverse movements, or a whole submission.

    Nothing is deleted: the opposite of every entry is recorded, dated as the original. Refused
    while other movements point at one, say shipments at their licence (--cascade takes them
    along).

    \b
    Examples:
      tpp reverse 1042 --reason "typed twice"
      tpp reverse --submission 7 --reason "wrong file"
    """  # noqa: D301
    if bool(seqs) == (submission is not None):
        raise WrongUse("name movements by their seq, or one --submission")
    from ledger.service.reversal import Standing

    with opened() as ledger:
        try:
            if submission is None:
                outcome = ledger.reverse(seqs, reason, cascade=cascade)
            else:
                outcome = ledger.reverse_submission(submission, reason, cascade=cascade)
        except Standing as standing:
            raise WrongUse(_sentence(standing.by)) from standing
    if not outcome.count:
        say("nothing of it stands: nothing was recorded")
    else:
        last = outcome.first_seq + outcome.count - 1
        seqs_said = f"seq {outcome.first_seq}" + (f"-{last}" if outcome.count > 1 else "")
        click.echo(f"reversed {outcome.count:,}; the reversals are {seqs_said}")
    click.get_current_context().exit(Exit.DONE)


def _sentence(by: dict[int, list[int]], most: int = 5) -> str:
    """Which movements point at which, the first few."""
    pairs = [
        f"seq {seq} (by seq {', '.join(map(str, seqs[:most]))}{', ...' if seqs[most:] else ''})"
        for seq, seqs in list(by.items())[:most]
    ]
    more = f" and {len(by) - most:,} more" if len(by) > most else ""
    return (
        f"live movements point at {'; '.join(pairs)}{more}: reverse those first,"
        " or take them along with --cascade. Nothing was recorded"
    )
