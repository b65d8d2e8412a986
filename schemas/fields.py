"""The headings of each import file: name, type, whether it must be filled, and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.kinds import FileKind


class Type(StrEnum):
    """How a cell is read. `party` and `text` are kept as given."""

    TEXT = "text"
    PARTY = "party"
    DATE = "date"
    COUNT = "count"
    AMOUNT = "amount"
    MONEY = "money"
    PERCENT = "percent"
    COUNTRY = "country"
    CHIP = "chip"
    AUTHORIZATION = "authorization"
    KIND = "kind"


@dataclass(frozen=True, slots=True)
class Field:
    """One heading. `required`: a row without it is a problem."""

    name: str
    type: Type
    meaning: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class FileShape:
    """The headings of one file kind, in the order a template shows them.

    `document`, `line` and `effective_on` name the headings that become the movement's document,
    line and day; `target` the two headings that name the movement a row points at.
    """

    kind: FileKind
    fields: tuple[Field, ...]
    document: str
    line: str
    effective_on: str
    target: tuple[str, str] | None = None

    def field(self, name: str) -> Field | None:
        """The field of that heading, known or optional; None where there is none."""
        return next((f for f in (*self.fields, *OPTIONAL) if f.name == name), None)


def _f(name: str, type_: Type, meaning: str) -> Field:
    return Field(name, type_, meaning)


def _must(name: str, type_: Type, meaning: str) -> Field:
    return Field(name, type_, meaning, required=True)


LINE = _f("line", Type.TEXT, "line of the document; empty is line 1")
_PARTIES = (
    _must("exporter", Type.PARTY, "who sends"),
    _must("ultimate_consignee", Type.PARTY, "principal abroad who receives (15 CFR 748.5)"),
    _f("ultimate_parent", Type.PARTY, "entity that ultimately owns the consignee"),
    _f("consignee_hq", Type.COUNTRY, "country of the consignee's headquarters"),
    _f("parent_hq", Type.COUNTRY, "country of the ultimate parent's headquarters"),
    _must("destination", Type.COUNTRY, "country of ultimate destination"),
)
_LOT = (
    _f("chip", Type.CHIP, "chip or system, as in `tpp chips search`"),
    _f("quantity", Type.COUNT, "units of the chip or system, a whole number from 1"),
    _f("unit_value_usd", Type.MONEY, "value of one unit in US dollars, to the cent"),
    _f("tpp", Type.AMOUNT, "the lot's total; checked against the catalogue where given"),
)

# Known beside each file's own headings; kept with the movement.
OPTIONAL = (
    _f("application", Type.TEXT, "application the row answers or belongs to"),
    _f("applied_on", Type.DATE, "day of the application"),
    _f("supersedes", Type.TEXT, "document this one replaces"),
    _f("purchaser", Type.PARTY, "who buys"),
    _f("intermediate_consignee", Type.PARTY, "who receives on the way"),
    _f("end_user", Type.PARTY, "who receives and uses"),
    _f("owner", Type.PARTY, "who owns the items at their place of use"),
    _f("operator", Type.PARTY, "who operates them"),
    _f("facility", Type.TEXT, "data centre or site"),
    _f("from_facility", Type.TEXT, "site the goods left"),
    _f(
        "from_country",
        Type.COUNTRY,
        "country the goods left, for a reexport or from abroad",
    ),
    _f("attributed_to", Type.PARTY, "entity against whose limit an LPP shipment is counted"),
    _f("shipment", Type.TEXT, "the shipment whose units move on within a country, or are replaced"),
    _f("shipment_line", Type.TEXT, "line of that shipment; empty is line 1"),
    _f("eccn", Type.TEXT, "export control classification number as filed"),
    _f("itn", Type.TEXT, "internal transaction number of the export filing"),
    _f("certificate_on", Type.DATE, "day of the consignee's certificate"),
    _f("notice_on", Type.DATE, "day of the advance notice"),
    _f("test_on", Type.DATE, "day of the report of the laboratory that tested the items"),
    _f("due_back_on", Type.DATE, "day a temporary export is to be back"),
)

_ANNOUNCED = (
    _f("authority", Type.TEXT, "who decided"),
    _f("reference", Type.TEXT, "the authority's reference"),
    _f("reason", Type.TEXT, "why"),
    _f("until_on", Type.DATE, "last day it holds; empty is until further notice"),
)

SHAPES: dict[FileKind, FileShape] = {
    FileKind.APPLICATIONS: FileShape(
        FileKind.APPLICATIONS,
        (
            _must("application", Type.TEXT, "number of the application"),
            LINE,
            _must("applied_on", Type.DATE, "day it was filed"),
            _f("expires_on", Type.DATE, "day the licence asked for would lapse"),
            *_PARTIES,
            *_LOT,
            _f("purchase_order", Type.TEXT, "number of the purchase order it goes with"),
            _f("order_quantity", Type.COUNT, "units ordered; a licence is for no more"),
            _f("order_value_usd", Type.MONEY, "value ordered, in US dollars to the cent"),
        ),
        document="application",
        line="line",
        effective_on="applied_on",
    ),
    FileKind.LICENCES: FileShape(
        FileKind.LICENCES,
        (
            _must("licence", Type.TEXT, "number of the licence"),
            LINE,
            _must("issued_on", Type.DATE, "day it was issued"),
            _f("expires_on", Type.DATE, "last day it may be used"),
            *_PARTIES,
            *_LOT,
            _f(
                "application_line",
                Type.TEXT,
                "line of the application it answers; empty is the licence's own, or the only one",
            ),
        ),
        document="licence",
        line="line",
        effective_on="issued_on",
    ),
    FileKind.SHIPMENTS: FileShape(
        FileKind.SHIPMENTS,
        (
            _must("document", Type.TEXT, "shipment reference"),
            LINE,
            _f(
                "kind",
                Type.KIND,
                "export (default), reexport, in_country_transfer, export_from_abroad",
            ),
            _must("exported_on", Type.DATE, "day it left"),
            _f("received_on", Type.DATE, "day it arrived; becomes a receipt of its own"),
            *_PARTIES,
            _f("authorization", Type.AUTHORIZATION, "why it may go; empty is unstated"),
            _f("licence", Type.TEXT, "licence it draws on"),
            _f("licence_line", Type.TEXT, "line of that licence; empty is line 1"),
            *_LOT,
        ),
        document="document",
        line="line",
        effective_on="exported_on",
    ),
    FileKind.RECEIPTS: FileShape(
        FileKind.RECEIPTS,
        (
            _must("document", Type.TEXT, "reference of the receipt"),
            LINE,
            _f("kind", Type.KIND, "receipt (default), installation, removal"),
            _must("received_on", Type.DATE, "day it arrived, was installed or removed"),
            _must("exporter", Type.PARTY, "exporter of the shipment"),
            _must("shipment", Type.TEXT, "document of the shipment"),
            _f("shipment_line", Type.TEXT, "line of the shipment; empty is line 1"),
            _f("quantity", Type.COUNT, "units; empty is the whole shipment"),
            _f("tpp", Type.AMOUNT, "the amount, where the regime counts amounts and not chips"),
        ),
        document="document",
        line="line",
        effective_on="received_on",
        target=("shipment", "shipment_line"),
    ),
    FileKind.RETURNS: FileShape(
        FileKind.RETURNS,
        (
            _must("document", Type.TEXT, "reference of the return"),
            LINE,
            _f("kind", Type.KIND, "return (default) or attrition"),
            _must("returned_on", Type.DATE, "day the goods came back or were lost"),
            _must("exporter", Type.PARTY, "exporter of the shipment"),
            _must("shipment", Type.TEXT, "document of the shipment"),
            _f("shipment_line", Type.TEXT, "line of the shipment; empty is line 1"),
            _f("quantity", Type.COUNT, "units; empty is the whole shipment"),
            _f("tpp", Type.AMOUNT, "the amount, where the regime counts amounts and not chips"),
            _f(
                "reason",
                Type.TEXT,
                "for attrition: loss, damage, failure, relocation, resale, "
                "theft, seizure, destruction",
            ),
        ),
        document="document",
        line="line",
        effective_on="returned_on",
        target=("shipment", "shipment_line"),
    ),
    # One row is a move: what leaves one facility and what arrives at the other. `owner` becomes the
    # exporter of both legs, `to_owner` (empty: the same) their consignee.
    FileKind.TRANSFERS: FileShape(
        FileKind.TRANSFERS,
        (
            _must("document", Type.TEXT, "reference of the move"),
            LINE,
            _must("transferred_on", Type.DATE, "day the goods left"),
            _f("received_on", Type.DATE, "day they arrived; empty is the same day"),
            _must("owner", Type.PARTY, "who owns them, and moves them"),
            _f("to_owner", Type.PARTY, "who owns them then, where that changes"),
            _f("operator", Type.PARTY, "who operates them then, where it is not the owner"),
            _f("ultimate_parent", Type.PARTY, "entity that ultimately owns who has them then"),
            _f("consignee_hq", Type.COUNTRY, "country of the headquarters of who has them then"),
            _f("parent_hq", Type.COUNTRY, "country of the ultimate parent's headquarters"),
            _must("from_facility", Type.TEXT, "data centre or site they left"),
            _must("from_country", Type.COUNTRY, "its country"),
            _must("to_facility", Type.TEXT, "data centre or site they come to"),
            _must("to_country", Type.COUNTRY, "its country"),
            _f("authorization", Type.AUTHORIZATION, "why they may move; empty is unstated"),
            _f("licence", Type.TEXT, "licence the move draws on"),
            _f("licence_line", Type.TEXT, "line of that licence; empty is line 1"),
            *_LOT,
            _f("notice_on", Type.DATE, "day of the advance notice"),
            _f("reason", Type.TEXT, "why: relocation, resale, ..."),
        ),
        document="document",
        line="line",
        effective_on="transferred_on",
    ),
    FileKind.ADJUSTMENTS: FileShape(
        FileKind.ADJUSTMENTS,
        (
            _must("document", Type.TEXT, "reference of the act"),
            LINE,
            _must(
                "kind",
                Type.KIND,
                "uplift, amendment, carry_over, block, unblock, suspend, reinstate",
            ),
            _must("effective_on", Type.DATE, "first day it holds"),
            _must("holder", Type.TEXT, "country or party whose budget it is"),
            _f("budget", Type.TEXT, "which budget; empty where the holder has one kind"),
            _f("window", Type.TEXT, "which window; empty is the one of that day"),
            _f("tpp", Type.AMOUNT, "change of the limit, signed"),
            _f("percent", Type.PERCENT, "or the change as a share of the base limit"),
            *_ANNOUNCED,
        ),
        document="document",
        line="line",
        effective_on="effective_on",
    ),
    FileKind.WEIGHTS: FileShape(
        FileKind.WEIGHTS,
        (
            _must("document", Type.TEXT, "reference of the transfer"),
            LINE,
            _must("transferred_on", Type.DATE, "day the weights moved"),
            *_PARTIES,
            _f("authorization", Type.AUTHORIZATION, "why they may go; empty is unstated"),
            _f("licence", Type.TEXT, "licence they went under"),
            _must("model", Type.TEXT, "name of the model"),
            _must("operations", Type.TEXT, "operations of all its training, as 1.2e26"),
            _f("published", Type.TEXT, "yes where its parameters are published"),
            _f("from_published", Type.TEXT, "yes where it derives from a published model"),
            _f("base_operations", Type.TEXT, "operations that trained the published model"),
            _f("further_operations", Type.TEXT, "operations of the training since"),
            _f("synthetic_percent", Type.PERCENT, "share of training on one generator's data"),
            _f("generation_operations", Type.TEXT, "operations that made that data"),
            _f("generator_operations", Type.TEXT, "operations that trained the generator"),
            _f("generator_published", Type.TEXT, "yes where its parameters are published"),
            _f("frontier_operations", Type.TEXT, "what the most capable published model needs"),
            _f("employee", Type.TEXT, "yes for a release to a permanent regular employee"),
            _f("facility_secured", Type.TEXT, "yes or no; empty goes by the declared conditions"),
        ),
        document="document",
        line="line",
        effective_on="transferred_on",
    ),
    FileKind.ACTS: FileShape(
        FileKind.ACTS,
        (
            _must("document", Type.TEXT, "reference of the act"),
            LINE,
            _must("kind", Type.KIND, "what was done, one of those listed in docs/import.md"),
            _must("effective_on", Type.DATE, "first day it holds"),
            _f("licence", Type.TEXT, "licence it is about"),
            _f("licence_line", Type.TEXT, "line of that licence; empty is every line"),
            _f("application", Type.TEXT, "application that was denied or returned"),
            _f("application_line", Type.TEXT, "line of the application; empty is every line"),
            _f("quantity", Type.COUNT, "units revoked or surrendered; empty is the whole rest"),
            _f("tpp", Type.AMOUNT, "or the amount, where the regime counts amounts"),
            _f("unit_value_usd", Type.MONEY, "amended value of one unit in US dollars"),
            _f("expires_on", Type.DATE, "amended last day of use"),
            _f("to_party", Type.PARTY, "exporter the licence is transferred to"),
            _f("exporter", Type.PARTY, "exporter of the shipment, or who applied"),
            _f("shipment", Type.TEXT, "shipment that is assigned to the licence"),
            _f("shipment_line", Type.TEXT, "line of the shipment; empty is line 1"),
            *_ANNOUNCED,
        ),
        document="document",
        line="line",
        effective_on="effective_on",
        target=("shipment", "shipment_line"),
    ),
    FileKind.DECLARATIONS: FileShape(
        FileKind.DECLARATIONS,
        (
            _must("document", Type.TEXT, "reference of the declaration"),
            LINE,
            _must(
                "kind",
                Type.KIND,
                "ownership, party_merged, installed_base, official_status, duty_done, "
                "certificate, notice, condition",
            ),
            _must("effective_on", Type.DATE, "first day it holds"),
            _must("party", Type.PARTY, "party or country it is about"),
            _f(
                "other_party",
                Type.PARTY,
                "ultimate parent, party merged into, or exporter a certificate or notice is for",
            ),
            _f("authorization", Type.AUTHORIZATION, "what a certificate or notice is for"),
            _f("shipment", Type.TEXT, "the one shipment a certificate or notice is for"),
            _f("country", Type.COUNTRY, "country it is about; of a new parent, its headquarters"),
            _f("condition", Type.TEXT, "paragraph of the condition, as `tpp conditions` shows it"),
            _f(
                "licence",
                Type.TEXT,
                "licence that a condition is on, named freely",
            ),
            _f("wording", Type.TEXT, "what a condition on a licence asks, in words"),
            _f("due_on", Type.DATE, "day by which a condition on a licence is to be met"),
            _f(
                "status",
                Type.TEXT,
                "authorization that an official status grants, state of a condition, or id of the "
                "duty done",
            ),
            _f("percent", Type.PERCENT, "share owned; empty is all of it"),
            _f("tpp", Type.AMOUNT, "amount declared"),
            *_ANNOUNCED,
        ),
        document="document",
        line="line",
        effective_on="effective_on",
    ),
    # A row names a movement; whatever other heading it fills is a new value of that movement's.
    FileKind.CORRECTIONS: FileShape(
        FileKind.CORRECTIONS,
        (
            _f("seq", Type.TEXT, "number of the movement to correct; or its key, that follows"),
            _f("class", Type.TEXT, "what it is: licence, shipment, receipt, return, ..."),
            _f("source", Type.TEXT, "its filing system; empty is its exporter or authority"),
            _f("document", Type.TEXT, "its document"),
            _f("line", Type.TEXT, "its line; empty is line 1"),
            _must("reason", Type.TEXT, "why it is corrected; kept with the reversal"),
            _f("new_document", Type.TEXT, "another document, where that was wrong"),
            _f("new_line", Type.TEXT, "another line, where that was wrong"),
        ),
        document="",
        line="",
        effective_on="",
    ),
}


def optional_of(kind: FileKind) -> tuple[Field, ...]:
    """The optional headings a file kind takes beside its own: not those it has by another name."""
    own = {field.name for field in SHAPES[kind].fields}
    left_out = own | ({"facility"} if kind is FileKind.TRANSFERS else set())
    return tuple(field for field in OPTIONAL if field.name not in left_out)


KNOWN_HEADINGS = tuple(
    dict.fromkeys(
        [f.name for shape in SHAPES.values() for f in shape.fields] + [f.name for f in OPTIONAL]
    )
)
