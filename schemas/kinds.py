"""The closed list of movement kinds, and the import files that carry them."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What happened. A movement is never edited or deleted; new kinds are only ever added."""

    APPLICATION = "application"
    DENIAL = "denial"
    RETURNED_UNACTED = "returned_without_action"
    REPLACEMENT = "replacement"
    LICENCE = "licence"
    EXPORT = "export"
    REEXPORT = "reexport"
    IN_COUNTRY_TRANSFER = "in_country_transfer"
    EXPORT_FROM_ABROAD = "export_from_abroad"
    RECEIPT = "receipt"
    INSTALLATION = "installation"
    REMOVAL = "removal"
    RETURN = "return"
    ATTRITION = "attrition"
    TRANSFER_OUT = "transfer_out"
    TRANSFER_IN = "transfer_in"
    ASSIGNMENT = "assignment"
    LICENCE_AMENDMENT = "licence_amendment"
    LICENCE_TRANSFER = "licence_transfer"
    LICENCE_SUSPENSION = "licence_suspension"
    LICENCE_REINSTATEMENT = "licence_reinstatement"
    LAPSE = "lapse"
    SURRENDER = "surrender"
    REVOCATION = "revocation"
    LICENCE_CLOSE = "licence_close"
    WEIGHTS_TRANSFER = "weights_transfer"
    UPLIFT = "uplift"
    AMENDMENT = "amendment"
    CARRY_OVER = "carry_over"
    BLOCK = "block"
    UNBLOCK = "unblock"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    OWNERSHIP = "ownership"
    PARTY_MERGED = "party_merged"
    INSTALLED_BASE = "installed_base"
    OFFICIAL_STATUS = "official_status"
    DUTY_DONE = "duty_done"
    CERTIFICATE = "certificate"
    NOTICE = "notice"
    CONDITION = "condition"
    QUARTER_CLOSE = "quarter_close"
    ADOPTION = "adoption"
    REVERSAL = "reversal"
    REFUSAL = "refusal"


SHIPMENTS = (
    Kind.EXPORT,
    Kind.REEXPORT,
    Kind.IN_COUNTRY_TRANSFER,
    Kind.EXPORT_FROM_ABROAD,
)
# The two legs of one move between facilities.
TRANSFERS = (Kind.TRANSFER_OUT, Kind.TRANSFER_IN)
# What leaves a place: a shipment, or the first leg of a move.
SENT = (*SHIPMENTS, Kind.TRANSFER_OUT)
RECEIPTS = (Kind.RECEIPT, Kind.INSTALLATION, Kind.REMOVAL)
RETURNS = (Kind.RETURN, Kind.ATTRITION)
LIMIT_CHANGES = (Kind.UPLIFT, Kind.AMENDMENT, Kind.CARRY_OVER)
STATUS_CHANGES = (Kind.BLOCK, Kind.UNBLOCK, Kind.SUSPEND, Kind.REINSTATE)
ADJUSTMENTS = LIMIT_CHANGES + STATUS_CHANGES
DECLARATIONS = (
    Kind.OWNERSHIP,
    Kind.PARTY_MERGED,
    Kind.INSTALLED_BASE,
    Kind.OFFICIAL_STATUS,
    Kind.DUTY_DONE,
    Kind.CERTIFICATE,
    Kind.NOTICE,
    Kind.CONDITION,
)
# How an application ended without a licence.
OUTCOMES = (Kind.DENIAL, Kind.RETURNED_UNACTED)
# What ends a licence, or a part of it, before all of it is used.
ENDINGS = (Kind.LAPSE, Kind.SURRENDER, Kind.REVOCATION, Kind.LICENCE_CLOSE)
LICENCE_ACTS = (
    Kind.LICENCE_AMENDMENT,
    Kind.LICENCE_TRANSFER,
    Kind.LICENCE_SUSPENSION,
    Kind.LICENCE_REINSTATEMENT,
    *ENDINGS,
)
# What draws a licence line down, and what else its standing follows from.
DRAWS_DOWN = (*SENT, Kind.ASSIGNMENT)
OF_A_LINE = (*DRAWS_DOWN, *LICENCE_ACTS, Kind.REPLACEMENT)

# The class is part of a movement's natural key: an application, a licence and a shipment may
# carry the same document number without being one another.
KEY_CLASS: dict[Kind, str] = {
    Kind.APPLICATION: "application",
    Kind.REFUSAL: "application",
    Kind.LICENCE: "licence",
    **dict.fromkeys(SHIPMENTS, "shipment"),
    **dict.fromkeys(RECEIPTS, "receipt"),
    **dict.fromkeys(RETURNS, "return"),
    **dict.fromkeys(ADJUSTMENTS, "adjustment"),
    **dict.fromkeys(DECLARATIONS, "declaration"),
    **dict.fromkeys(OUTCOMES, "outcome"),
    **dict.fromkeys(LICENCE_ACTS, "act"),
    Kind.ASSIGNMENT: "act",
    Kind.REPLACEMENT: "replacement",
    Kind.TRANSFER_OUT: "transfer out",
    Kind.TRANSFER_IN: "transfer in",
    Kind.WEIGHTS_TRANSFER: "weights",
    Kind.QUARTER_CLOSE: "quarter",
    Kind.ADOPTION: "adoption",
    Kind.REVERSAL: "reversal",
}


def key_class(kind: str) -> str:
    """The class of a kind told by its text. Raises KeyError for what is none."""
    return KEY_CLASS[kind]  # type: ignore[index]  # a kind is its text, and is found by it


class FileKind(StrEnum):
    """What an import file holds: the word after `--as`."""

    APPLICATIONS = "applications"
    LICENCES = "licences"
    SHIPMENTS = "shipments"
    RECEIPTS = "receipts"
    RETURNS = "returns"
    TRANSFERS = "transfers"
    ADJUSTMENTS = "adjustments"
    DECLARATIONS = "declarations"
    WEIGHTS = "weights"
    ACTS = "acts"
    CORRECTIONS = "corrections"


# The kinds one file may carry; the first is meant where its `kind` cell is empty
# (declarations, adjustments and acts must say).
FILE_MOVEMENTS: dict[FileKind, tuple[Kind, ...]] = {
    FileKind.APPLICATIONS: (Kind.APPLICATION,),
    FileKind.LICENCES: (Kind.LICENCE,),
    FileKind.SHIPMENTS: SHIPMENTS,
    FileKind.RECEIPTS: RECEIPTS,
    FileKind.RETURNS: RETURNS,
    FileKind.TRANSFERS: TRANSFERS,
    FileKind.ADJUSTMENTS: ADJUSTMENTS,
    FileKind.DECLARATIONS: DECLARATIONS,
    FileKind.WEIGHTS: (Kind.WEIGHTS_TRANSFER,),
    FileKind.ACTS: (*LICENCE_ACTS, Kind.ASSIGNMENT, *OUTCOMES),
    FileKind.CORRECTIONS: (Kind.REVERSAL,),
}
