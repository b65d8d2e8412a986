"""Whether what an open ledger knows of its books still holds, asked under the head's lock.

Others write too: they may adopt other rules, and whoever keeps the database may put an earlier
state in its place (a failover that lost the last commits, a backup). The numbers that this process
remembers may be another party's by then.
"""

from __future__ import annotations

from sqlalchemy import bindparam, select

from ledger.service.book import Known
from ledger.storage.head import Head
from ledger.storage.statements import Cursor, largest
from schemas import tables as t
from schemas.kinds import Kind

_DIGEST = select(t.submission.c.digest).where(t.submission.c.number == bindparam("number"))
_LAST_ADOPTION = largest(t.standing.c.seq).where(t.standing.c.kind == bindparam("kind"))


class Outdated(Exception):
    """The ledger goes by other rules, or went back to an earlier state; nothing was recorded."""


def last_adoption(cursor: Cursor) -> int:
    """The seq of what the ledger adopted last."""
    return int(cursor.read(_LAST_ADOPTION, str(Kind.ADOPTION))[0][0] or 0)


def insist_current(known: Known, cursor: Cursor, head: Head) -> None:
    """Raise Outdated where what is known does not hold at this head any more.

    Nothing is asked while nobody else has recorded anything.
    """
    if head.digest == known.digest:
        return
    if known.submission and cursor.read(_DIGEST, known.submission) != [(known.digest,)]:
        raise Outdated
    if known.adoption and last_adoption(cursor) != known.adoption:
        raise Outdated
    known.submission, known.digest = head.last_submission, head.digest
