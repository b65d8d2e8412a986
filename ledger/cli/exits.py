"""How a run ends: the exit codes, and each error as a sentence on stderr."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from ledger.cli.interrupts import noticing

if TYPE_CHECKING:
    from schemas.problems import Problem

# How many problems are told in full; the rest are counted.
SHOWN = 50
# Where a run that is about to write notes the ledger's head, so that an interruption can say
# truthfully whether anything was recorded.
HEAD_BEFORE = "tpp.head_before"
_NOTHING = "nothing was recorded"


class Exit(IntEnum):
    """What a run came to, for scripts."""

    DONE = 0
    BUG = 1
    USAGE = 2
    REFUSED = 3
    FAILED = 4
    FLAGGED = 5
    UNAVAILABLE = 6
    INTERRUPTED = 130


class WrongUse(Exception):
    """The command cannot be carried out as given: a sentence, and the nearest known words."""

    def __init__(self, sentence: str, nearest: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.nearest = tuple(nearest)

    def __str__(self) -> str:
        from schemas.names import listed

        hint = f" (nearest: {listed(self.nearest)})" if self.nearest else ""
        return super().__str__() + hint


def say(*lines: str) -> None:
    """Talk: lines on stderr. They may hold a file's words, which a terminal is not to obey; where
    nobody listens any more, the run goes on to its end.
    """
    from schemas.problems import printable

    try:
        for line in lines:
            click.echo(printable(line, kept="\n\t"), err=True)
    except BrokenPipeError:
        _hush(sys.stderr)


def answer(line: str) -> None:
    """What a run that records came to, on stdout: read or not, its exit code is the same."""
    try:
        click.echo(line)
    except BrokenPipeError:
        _hush(sys.stdout)


@contextmanager
def guarded(ctx: click.Context) -> Iterator[None]:
    """End the run with its exit code and a sentence where the work inside raises."""
    _fill_closed_streams()
    with noticing() as interrupted:
        try:
            yield
            sys.stdout.flush()
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:
            _hush(sys.stdout)
            ctx.exit(Exit.DONE)
        except (KeyboardInterrupt, Exception) as error:
            # What a library makes of Ctrl-C, half loaded say, is Ctrl-C all the same.
            code = told(KeyboardInterrupt() if interrupted else error, ctx)
            ctx.exit(code)


def told(error: BaseException, ctx: click.Context) -> Exit:
    """Say on stderr what went wrong; the exit code that goes with it."""
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "InterruptException":
        say(_interrupted(ctx))
        return Exit.INTERRUPTED
    found = _of_ours(error) or of_system(error)
    if found is None:
        return _bug(error)
    if HEAD_BEFORE in ctx.meta and "nothing was recorded" not in str(error).lower():
        say(_recorded(ctx) if found == Exit.UNAVAILABLE and _may_be_done(error) else _NOTHING)
    return found


def _may_be_done(error: BaseException) -> bool:
    """Whether it may be done and the answer lost; who may not write has done nothing."""
    from ledger.storage.errors import NotAllowed, ReadOnlyLedger

    return not isinstance(error, NotAllowed | ReadOnlyLedger)


def _of_ours(error: BaseException) -> Exit | None:
    from ledger.storage.errors import ReadOnlyLedger, StoreBusy, StoreError, StoreUnavailable
    from schemas.problems import Unusable

    if isinstance(error, WrongUse):
        say(f"tpp: {error}")
        return Exit.USAGE
    if isinstance(error, Unusable):
        say(*problem_lines(error.problems, SHOWN))
        return Exit.USAGE
    if isinstance(error, StoreError):
        say(f"tpp: {error}")
        gone = isinstance(error, StoreUnavailable | StoreBusy | ReadOnlyLedger)
        return Exit.UNAVAILABLE if gone else Exit.USAGE
    return _of_reports(error)


def _of_reports(error: BaseException) -> Exit | None:
    """Errors of the reports, without loading them where nobody has."""
    reports = sys.modules.get("reports")
    if reports is None:
        return None
    if isinstance(error, reports.WrongUse):
        say(f"tpp: {error}")
        return Exit.USAGE
    if isinstance(error, reports.NoCopy):
        say(f"tpp: {error}; run the command again")
        return Exit.UNAVAILABLE
    return None


def of_system(error: BaseException) -> Exit | None:
    """What the system would not do, said; None where it is not for it to say."""
    if isinstance(error, MemoryError):
        say("tpp: there is not enough memory for this; nothing was recorded")
        return Exit.UNAVAILABLE
    if not isinstance(error, OSError) or error.strerror is None:
        return None
    where = f"{error.filename}: " if error.filename else ""
    say(f"tpp: {where}{error.strerror}")
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
    return Exit.UNAVAILABLE if full else Exit.USAGE


def problem_lines(problems: Sequence[Problem], most: int) -> list[str]:
    """The first problems in full, and how many more there are."""
    lines = [_placed(problem) for problem in problems[:most]]
    rest = len(problems) - len(lines)
    return [*lines, *([f"... and {rest:,} more"] if rest > 0 else [])]


def _placed(problem: Problem) -> str:
    """A problem that is in no file is the command's."""
    return str(problem if problem.file else replace(problem, file="tpp", line=0))


def _recorded(ctx: click.Context) -> str:
    """Whether the ledger stands where it stood when the run began to write."""
    before = ctx.meta.get(HEAD_BEFORE)
    if before is None:
        return _NOTHING
    from ledger.storage.head import settled_head

    url, digest = before
    try:
        head = settled_head(url)
    except Exception:
        return "it is not known whether it was recorded: run it again, nothing is recorded twice"
    if head.digest == digest:
        return _NOTHING
    return f"submission {head.last_submission} was recorded meanwhile: see `tpp status`"


def _interrupted(ctx: click.Context) -> str:
    said = _recorded(ctx)
    return f"interrupted, but {said}" if said.startswith("submission") else f"interrupted: {said}"


def _bug(error: BaseException) -> Exit:
    if os.environ.get("TPP_DEBUG"):
        import traceback

        say("".join(traceback.format_exception(error)).rstrip())
    say(
        f"tpp: this is a bug in tpp ({type(error).__name__}: {error})",
        "Please report it, with what TPP_DEBUG=1 shows when you run the command again.",
    )
    return Exit.BUG


def _fill_closed_streams() -> None:
    """What the shell closed leads nowhere: a file opened later must not take its number."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - to the end of the run


def _hush(stream: TextIO) -> None:
    """Its reader has gone: let nothing more be written to it, not even at the end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
