"""What goes wrong with a store, and the one place where drivers' errors become ours."""

from __future__ import annotations


class StoreError(Exception):
    """The store cannot do what was asked; the message is a sentence for the user."""


class NotALedger(StoreError):
    """Nothing stands at this place, or something that is no ledger."""


class LedgerExists(StoreError):
    """A ledger stands where a new one was to be made."""


class NewerLedger(StoreError):
    """The ledger was written by a newer version of this software."""


class OlderLedger(StoreError):
    """The ledger's tables are of an older version; `tpp init --upgrade` leads them on."""


class StoreUnavailable(StoreError):
    """The database is gone or cannot be opened, or the disk is full.

    Nothing was recorded; where the connection to a server is lost at the very commit, the head
    tells (ledger.storage.head.settled_head).
    """


class NotAllowed(StoreUnavailable):
    """The database does not let this user do that. Nothing was recorded."""


class StoreBusy(StoreError):
    """Another writer kept the ledger for longer than this one waits. Nothing was recorded."""


class Rewritten(StoreBusy):
    """A file that is read without locks was written meanwhile: what was read is not to be used."""


class ReadOnlyLedger(StoreError):
    """The ledger is open for reading only."""


class Translated:
    """See translated(); a class, since it is entered for each movement typed by hand."""

    __slots__ = ("_place",)

    def __init__(self, place: object) -> None:
        self._place = place

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, StoreError):
            ours = translate(error, self._place)
            if ours is not None:
                raise ours from error


def translated(place: object) -> Translated:
    """Raise drivers' errors as ours; what is not the store's state passes as it is.

    To be entered with `with`; `place` names the ledger in the sentence.
    """
    return Translated(place)


def translate(error: BaseException, place: object) -> StoreError | None:
    """The store error that a driver's (or SQLAlchemy's) error stands for, or None."""
    cause = getattr(error, "orig", None) or error
    driver = type(cause).__module__.partition(".")[0]
    if driver == "sqlite3":
        return _of_sqlite(cause, place)
    if driver == "psycopg":
        failed_before = getattr(cause, "sqlstate", None) == _FAILED_BEFORE
        return _of_postgresql(_first_failure(error) if failed_before else cause, place)
    return None


# By the low byte of SQLite's result code (sqlite.org/rescode.html).
_SQLITE: dict[int, tuple[type[StoreError], str]] = {
    3: (StoreUnavailable, "the ledger {place} may not be opened"),
    5: (StoreBusy, "another process is writing to the ledger {place}; try again"),
    6: (StoreBusy, "another process is writing to the ledger {place}; try again"),
    8: (ReadOnlyLedger, "the ledger {place} can only be read"),
    10: (StoreUnavailable, "reading or writing the ledger {place} failed"),
    11: (StoreUnavailable, "the file of the ledger {place} is damaged"),
    13: (StoreUnavailable, "the disk of the ledger {place} is full; nothing was recorded"),
    14: (StoreUnavailable, "the ledger {place} cannot be opened"),
    23: (StoreUnavailable, "the ledger {place} may not be opened"),
    26: (NotALedger, "{place} is not a ledger"),
}


def _of_sqlite(error: BaseException, place: object) -> StoreError | None:
    code = getattr(error, "sqlite_errorcode", None)
    found = _SQLITE.get(code & 0xFF) if isinstance(code, int) else None
    if found is None:
        return None
    kind, sentence = found
    return kind(f"{sentence.format(place=place)} ({error})")


# A statement that a session prepared is another session's, or none's.
_POOLED = (
    "a pooler in front of the ledger {place} gives one client the connections of others: let it"
    " pool by session (docs/python.md); nothing was recorded"
)
# By SQLSTATE, or its first two characters (postgresql.org/docs/current/errcodes-appendix.html).
_POSTGRESQL: dict[str, tuple[type[StoreError], str]] = {
    "08": (StoreUnavailable, "the connection to the ledger {place} was lost"),
    "25006": (ReadOnlyLedger, "the ledger {place} can only be read"),
    "25P03": (StoreUnavailable, "the server of the ledger {place} stopped the work"),
    "25P04": (StoreUnavailable, "the server of the ledger {place} stopped the work"),
    "26": (StoreUnavailable, _POOLED),
    "28": (StoreUnavailable, "the ledger {place} does not let this user in"),
    "3D": (StoreUnavailable, "the database of the ledger {place} does not exist"),
    "3F": (StoreError, "the database of the ledger {place} has no schema of that name"),
    "40": (StoreBusy, "another process is writing to the ledger {place}; try again"),
    "42P05": (StoreUnavailable, _POOLED),
    "42501": (NotAllowed, "the ledger {place} does not let this user do that"),
    "53": (StoreUnavailable, "the server of the ledger {place} has no room left"),
    "55P03": (StoreBusy, "another process is writing to the ledger {place}; try again"),
    "57": (StoreUnavailable, "the server of the ledger {place} stopped the work"),
    "58": (StoreUnavailable, "the server of the ledger {place} failed"),
    "XX": (StoreUnavailable, "the server of the ledger {place} failed"),
}


# What every statement is told once one before it has failed.
_FAILED_BEFORE = "25P02"


def _first_failure(error: BaseException) -> BaseException:
    """What failed before, where the server says no more than that something did."""
    before: BaseException | None = error
    while before is not None:
        if getattr(before, "sqlstate", None) not in (None, _FAILED_BEFORE):
            return before
        before = getattr(before, "orig", None) or before.__cause__ or before.__context__
    return error


def _of_postgresql(error: BaseException, place: object) -> StoreError | None:
    state = getattr(error, "sqlstate", None)
    found = _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2]) if state else None
    names = {base.__name__ for base in type(error).__mro__}
    if found is None and state is None and names & {"OperationalError", "InterfaceError"}:
        found = StoreUnavailable, "the ledger {place} cannot be reached"
    if found is None:
        return None
    kind, sentence = found
    said = str(error).strip()
    if state:  # below it the server shows the statement
        said, *_ = said.splitlines() or [""]
    return kind(f"{sentence.format(place=place)} ({said})")
