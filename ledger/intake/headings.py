"""From the headings of a file to a plan: which column feeds which of our fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ledger.intake.cells import BLANKS, Wrong
from ledger.intake.guard import as_it_was
from ledger.intake.mapping import Columns, Filter, MapFile
from ledger.intake.marks import (
    DAY,
    NUMBER,
    TEXT,
    UNKNOWN,
    WRONG,
    WRONG_KEPT,
    common,
    mark_at,
)
from ledger.intake.rows import Rejected, Row, Slot, Wrongs, shown
from ledger.intake.words import near
from schemas.fields import KNOWN_HEADINGS, Type
from schemas.problems import Problem, Unusable
from schemas.records import Given

# Columns a rejects file has in front; a mended one can be imported as it is.
REJECTS_HEADINGS = ("file_line", "problems")
_NUMBERS = (Type.COUNT, Type.AMOUNT, Type.MONEY, Type.PERCENT)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where our field comes from: the first filled of `columns`, all `join`ed, or `fixed` text.

    `mark` is what every cell of these columns is beside its text, TEXT where that is not known.
    """

    heading: str
    columns: tuple[int, ...] = ()
    join: str | None = None
    fixed: str | None = None
    changed: bool = False
    mark: str = TEXT

    def found(self, cells: Sequence[str | None], marks: str = "") -> tuple[str | None, str]:
        """The text of that field in a row and its mark."""
        if self.fixed is not None:
            return self.fixed, TEXT
        if self.join is None and len(self.columns) == 1:
            at = self.columns[0]
            mark = mark_at(marks, at)
            return cells[at], mark if cells[at] or mark in UNKNOWN else TEXT
        filled = [
            (text, mark)
            for i in self.columns
            if (text := (cells[i] or "").strip(BLANKS)) or mark_at(marks, i) in UNKNOWN
            for mark in mark_at(marks, i)
        ]
        if len(filled) < 2 or self.join is None:
            return filled[0] if filled else (None, TEXT)
        wrong = next((mark for _, mark in filled if mark in WRONG), TEXT)
        return self.join.join(text for text, _ in filled if text), wrong


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of each column. `fields` are ours; `metadata` keeps its own heading."""

    headings: tuple[str, ...]
    fields: Mapping[str, Origin]
    metadata: Mapping[str, int]
    filters: tuple[tuple[Filter, int], ...]
    mapping: MapFile
    neutralised: bool = False

    def left_out(self, cells: Sequence[str | None]) -> str | None:
        """The name of the first filter that leaves the row out."""
        return next((f.name for f, i in self.filters if not f.lets_through(cells[i])), None)

    def read(
        self, reader: Row, cells: Sequence[str | None], row: int, line: int, marks: str = ""
    ) -> Given:
        """One row. Raises Rejected, its problems under the file's own headings and cells."""
        wrongs = [] if WRONG.keys().isdisjoint(marks) else self._wrong_beside(marks)
        known = {heading for heading, _ in wrongs}
        values = {h: cells[i] for h, i in self.metadata.items() if h not in known}
        for name, origin in self.fields.items():
            try:
                values[name] = self.cell(reader.slots[name], *origin.found(cells, marks))
            except Wrong as wrong:
                wrongs.append((name, wrong))
        try:
            return reader.read(values, row, line, wrongs)
        except Rejected as rejected:
            told = [(name, wrong) for name, _, wrong in rejected.wrongs]
            told.sort(key=lambda one: self._place(one[0]))
            raise Rejected([self._theirs(cells, *one) for one in told]) from None

    def cell(self, slot: Slot, text: str | None, mark: str = TEXT) -> str | None:
        """A cell after the mapping's own words, day forms and number forms.

        Raises Wrong for one whose mark says that it cannot be a field, and for a day in no form.
        """
        name, type_ = slot.field.name, slot.field.type
        if self.fields[name].changed and text is not None:
            return self.mapping.rewritten(name, text, type_ is Type.DATE, type_ in _NUMBERS, mark)
        if mark in WRONG:
            raise Wrong(WRONG[mark])
        return text

    def asked(self, reader: Row) -> list[str]:
        """For each column, the marks with which a cell is left to `read`, of the rows of SQL."""
        asked = [set[str]() for _ in self.headings]
        for name, origin in self.fields.items():
            type_ = reader.slots[name].field.type
            marks = set(WRONG)
            if type_ is Type.DATE and self.mapping.date_formats and origin.mark != DAY:
                marks.add(DAY)
            if type_ in _NUMBERS and self.mapping.decimal_comma and origin.mark != NUMBER:
                marks.add(NUMBER)
            for index in origin.columns:
                asked[index] |= marks
        for index in self.metadata.values():
            asked[index] |= set(WRONG_KEPT)
        for _, index in self.filters:
            asked[index] |= set(UNKNOWN)
        return ["".join(sorted(marks)) for marks in asked]

    def as_theirs(self, reader: Row, cells: Sequence[str], marks: str) -> list[str]:
        """The cells as text that this plan reads as the same: true days in the mapping's form."""
        written = list(cells)
        for name, origin in self.fields.items():
            type_ = reader.slots[name].field.type
            for index in origin.columns:
                mark = mark_at(marks, index)
                if cells[index] and mark in (DAY, NUMBER):
                    is_date, is_number = type_ is Type.DATE, type_ in _NUMBERS
                    text = self.mapping.as_theirs(cells[index], is_date, is_number, mark)
                    written[index] = text if is_date or is_number else written[index]
        return written

    def _wrong_beside(self, marks: str) -> Wrongs:
        """What is wrong in columns that are only kept or filtered by."""
        fields = {i for origin in self.fields.values() for i in origin.columns}
        beside = {i: UNKNOWN for _, i in self.filters} | dict.fromkeys(
            self.metadata.values(), WRONG_KEPT
        )
        return [
            (self.headings[i], Wrong(WRONG[mark_at(marks, i)]))
            for i, wrong in beside.items()
            if mark_at(marks, i) in wrong and i not in fields
        ]

    def _place(self, name: str) -> int:
        """The first column a field comes from: problems are told from left to right."""
        if (origin := self.fields.get(name)) and origin.columns:
            return min(origin.columns)
        return self.headings.index(name) if name in self.headings else len(self.headings)

    def _theirs(
        self, cells: Sequence[str | None], name: str, wrong: Wrong
    ) -> tuple[str, str, Wrong]:
        if origin := self.fields.get(name):
            return origin.heading, shown(origin.found(cells)[0]), wrong
        place = self._place(name)
        return name, shown(cells[place]) if place < len(cells) else "", wrong


def normal(heading: str) -> str:
    """A heading as ours are written: "Exported On " is exported_on."""
    return "_".join(heading.strip(BLANKS).lower().split())


def is_rejects(headings: Iterable[str]) -> bool:
    """Whether these are the headings of a rejects file."""
    return set(REJECTS_HEADINGS) <= {heading.strip(BLANKS) for heading in headings}


def as_they_were(headings: Sequence[str]) -> list[str]:
    """The headings without outer blanks; of a rejects file, as those of the file it came from."""
    guarded = is_rejects(headings)
    return [(as_it_was(h) if guarded else h).strip(BLANKS) for h in headings]


# So many headings of ours make a row one of headings.
FEWEST_KNOWN = 3


def known_in(headings: Sequence[str], mapping: MapFile) -> int:
    """How many of these headings say something to us: what tells one delimiter from another."""
    theirs = {h for c in mapping.columns.values() for h in c.headings}
    theirs |= {f.column for f in mapping.filters}
    known = {*KNOWN_HEADINGS, *REJECTS_HEADINGS}
    return sum(h in theirs or normal(h) in known for h in as_they_were(headings))


def plan_of(
    headings: Sequence[str],
    reader: Row,
    mapping: MapFile,
    at: tuple[str, int],
    marks: str = "",
) -> Plan:
    """The plan for a file with these headings, and of these marks where a column has one for all.

    `at` is the file's name and the line of its headings. Raises Unusable with all that is wrong in
    them.
    """
    planner = _Planner(as_they_were(headings), reader, mapping, at, marks)
    plan = planner.plan()
    if planner.problems:
        raise Unusable(*planner.problems)
    return plan


class _Planner:
    def __init__(
        self,
        headings: list[str],
        reader: Row,
        mapping: MapFile,
        at: tuple[str, int],
        marks: str,
    ) -> None:
        self.headings = headings
        self.marks = marks
        self.reader = reader
        self.mapping = mapping
        self.file, self.line = at
        self.problems: list[Problem] = []
        self.at = {h: i for i, h in reversed(list(enumerate(headings)))}

    def wrong(self, column: str, value: str, reason: str, nearest: tuple[str, ...] = ()) -> None:
        self.problems.append(Problem(self.file, self.line, 0, column, value, reason, nearest))

    def plan(self) -> Plan:
        self._check_twice()
        fields = self._mapped() | self._fixed()
        taken = {i for origin in fields.values() for i in origin.columns}
        fields |= self._own(fields)
        taken |= {i for origin in fields.values() for i in origin.columns}
        filters = tuple((f, self._index(f.column, "filter")) for f in self.mapping.filters)
        rest = {i: h for i, h in enumerate(self.headings) if i not in taken}
        neutralised = is_rejects(self.headings)
        if neutralised:
            rest = {i: h for i, h in rest.items() if h not in REJECTS_HEADINGS}
        metadata = self._metadata(rest, fields)
        self._check_missing(fields, metadata)
        return Plan(tuple(self.headings), fields, metadata, filters, self.mapping, neutralised)

    def _check_twice(self) -> None:
        for heading, times in Counter(self.headings).items():
            if not heading:
                places = [str(i + 1) for i, h in enumerate(self.headings) if not h]
                self.wrong("", "", f"no heading above column {', '.join(places)}")
            elif times > 1:
                self.wrong(heading, "", f"this heading stands {times} times")

    def _index(self, heading: str, where: str) -> int:
        if heading not in self.at:
            reason = f"the mapping file ({where}) names this heading; the file has none such"
            self.wrong(heading, "", reason, near(heading, self.headings))
        return self.at.get(heading, 0)

    def _origin(self, name: str, origin: Origin) -> Origin | None:
        slot = self.reader.slots.get(name)
        if slot is None:
            known = tuple(self.reader.slots)
            reason = f"the mapping file names a field that {self.reader.kind} do not have"
            self.wrong(name, "", reason, near(name, known))
            return None
        type_ = slot.field.type
        changed = self.mapping.changes(name, type_ is Type.DATE, type_ in _NUMBERS)
        mark = common(self.marks, origin.columns) if origin.join is None else TEXT
        return Origin(origin.heading, origin.columns, origin.join, origin.fixed, changed, mark)

    def _mapped(self) -> dict[str, Origin]:
        found = {name: self._theirs(name, c) for name, c in self.mapping.columns.items()}
        return {name: origin for name, origin in found.items() if origin}

    def _theirs(self, name: str, columns: Columns) -> Origin | None:
        indexes = tuple(self._index(h, f"columns.{name}") for h in columns.headings)
        return self._origin(name, Origin(" + ".join(columns.headings), indexes, columns.join))

    def _fixed(self) -> dict[str, Origin]:
        found = {
            name: self._origin(name, Origin(f"{name} (fixed)", fixed=text))
            for name, text in self.mapping.fixed.items()
        }
        for name, origin in found.items():
            if origin and origin.fixed is not None:
                self._check_fixed(name, origin.fixed)
        for name in (*self.mapping.values, *self.mapping.numbers):
            if name not in self.reader.slots:
                self._origin(name, Origin(name))
            elif name in self.mapping.numbers and self._type(name) not in _NUMBERS:
                self.wrong(name, "", "is no number; [number] of the mapping file is for numbers")
        return {name: origin for name, origin in found.items() if origin}

    def _type(self, name: str) -> Type:
        return self.reader.slots[name].field.type

    def _check_fixed(self, name: str, text: str) -> None:
        field = self.reader.slots[name].field
        try:
            is_date, is_number = field.type is Type.DATE, field.type in _NUMBERS
            self.reader.reader(field)(self.mapping.rewritten(name, text, is_date, is_number))
        except Wrong as wrong:
            self.wrong(name, text, f"the mapping file (fixed): {wrong.reason}", wrong.nearest)

    def _own(self, fields: Mapping[str, Origin]) -> dict[str, Origin]:
        """Columns under our own headings; beside a mapping, only where written exactly so."""
        own: dict[str, Origin] = {}
        for index, heading in enumerate(self.headings):
            name = heading if self.mapping.columns else normal(heading)
            if name not in self.reader.slots or name in fields:
                continue
            if name in own and heading == own[name].heading:
                continue
            if name in own:
                self.wrong(heading, "", f"this heading and {own[name].heading} are the same")
            elif origin := self._origin(name, Origin(heading, (index,))):
                own[name] = origin
        return own

    def _metadata(self, rest: Mapping[int, str], fields: Mapping[str, Origin]) -> dict[str, int]:
        wanted = self.mapping.metadata
        for heading in wanted or ():
            self._index(heading, "file.metadata")
        kept = {h: i for i, h in rest.items()}
        if wanted is not None:
            kept = {h: self.at[h] for h in wanted if h in self.at}
        once = {h for h in kept if self.headings.count(h) == 1}
        for heading in sorted(once & self.reader.slots.keys() & fields.keys()):
            if self.at[heading] in fields[heading].columns:
                reason = "is kept as what it is; the mapping file names it under metadata too"
                self.wrong(heading, "", f"{reason}: list there only other columns")
                continue
            reason = f"stands in the file too, and the mapping takes {heading} from elsewhere"
            self.wrong(heading, "", f"{reason}; list under metadata what else to keep")
        return kept

    def _check_missing(self, fields: Mapping[str, Origin], metadata: Mapping[str, int]) -> None:
        missing = [n for n in self.reader.required if n not in fields]
        taken = {i for origin in fields.values() for i in origin.columns}
        absent = [n for n in self.reader.slots if n not in fields]
        for heading in () if self.mapping.columns else metadata:
            if meant := _misspelt(normal(heading), absent):
                missing = [n for n in missing if n != meant]
                self.wrong(heading, "", "not a heading we know", (meant,))
        for name in missing:
            free = [self.headings[i] for i in range(len(self.headings)) if i not in taken]
            self.wrong(name, "", "this heading is missing", near(name, free))


def _misspelt(heading: str, absent: Sequence[str]) -> str | None:
    """The absent heading this one differs from by a slip or two."""
    from rapidfuzz.distance import OSA

    slips = 2 if len(heading) > 6 else 1
    if len(heading) < 4:
        return None
    closest = min(absent, key=lambda name: OSA.distance(heading, name), default=None)
    if closest is None or OSA.distance(heading, closest) > slips:
        return None
    return closest
