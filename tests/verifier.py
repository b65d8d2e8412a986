"""Check an exported ledger alone (docs/chain.md): python tests/verifier.py FOLDER [--head HEX]"""

from __future__ import annotations

import csv
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path

US, RS, GS = "\x1f", "\x1e", "\x1d"
CLASSES = """application=application refusal, licence=licence, adoption=adoption, reversal=reversal,
shipment=export reexport in_country_transfer export_from_abroad, return=return attrition,
receipt=receipt installation removal, declaration=ownership party_merged installed_base
official_status duty_done certificate notice condition, outcome=denial returned_without_action,
act=licence_amendment licence_transfer licence_suspension licence_reinstatement lapse surrender
revocation licence_close assignment, replacement=replacement, transfer out=transfer_out,
transfer in=transfer_in, weights=weights_transfer, quarter=quarter_close,
adjustment=uplift amendment carry_over block unblock suspend reinstate"""
PAIRS = [pair.strip().split("=") for pair in CLASSES.split(",")]
CLASS = {kind: name for name, kinds in PAIRS for kind in kinds.split()}
# Classes of which kind, day and details are content; of the first two the exporter too.
OWN = ("receipt", "return", "act", "outcome", "replacement")


class NotAsRecorded(Exception):
    """Something the chain covers was changed, taken out or put in."""


def must(truth: object, what: str) -> None:
    if not truth:
        raise NotAsRecorded(what)


def digest(*fields: str) -> str:
    return sha256(US.join(fields).encode()).hexdigest()


def root(nodes: list[bytes]) -> str:
    while len(nodes) > 1:
        pairs = zip(nodes[::2], nodes[1::2], strict=False)
        odd = nodes[len(nodes) // 2 * 2 :]
        nodes = [sha256(b"\1" + left + right).digest() for left, right in pairs] + odd
    return nodes[0].hex() if nodes else digest()


def rows(folder: Path, table: str) -> Iterator[list[str]]:
    csv.field_size_limit(sys.maxsize)
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        for row in islice(csv.reader(file), 1, None):
            must(not {US, RS, GS} & set("".join(row)), f"{table} {row[0]}: a separator")
            yield row


def verify(folder: Path, known: str | None = None) -> str:
    """What was verified, in a sentence; NotAsRecorded names the first submission that fails."""
    head = json.loads((folder / "head.json").read_text(encoding="utf-8"))
    names = {"": ""} | {row[0]: row[1] for row in rows(folder, "party")}
    tails, annex, keys = defaultdict[str, str](str), defaultdict[str, list[str]](list), {}
    for key, content, at in rows(folder, "movement_key"):
        must(at not in keys, f"movement {at}: two keys")
        keys[at] = key, content
    for row in rows(folder, "entry"):
        tails[row[0]] += RS + US.join(row[1:])
    for row in rows(folder, "finding"):
        must(row[1] == str(tails[row[0]].count(GS) + 1), f"movement {row[0]}: findings")
        tails[row[0]] += GS + US.join(row[2:])
    for table in ("party", "budget", "budget_step", "ruling", "text"):
        for row in rows(folder, table):
            annex[row[-1]].append(US.join([table, *row[:-1]]))
    movements, seq, previous, then, seen = rows(folder, "movement"), 0, "0" * 64, "", set()
    for number, s in enumerate(rows(folder, "submission"), 1):
        where, leaves = f"submission {number}: ", []
        must(s[:2] == [str(number), str(seq + 1)], where + "out of count")
        for m in islice(movements, int(s[2])):
            seq, at = seq + 1, f"{where}movement {m[0]}: "
            must(m[:2] == [str(seq), s[0]], at + "out of count")
            text = US.join(["tpp-ledger/1", *m[2:]]) + tails.pop(m[0], "")
            leaves.append(sha256(b"\0" + text.encode()).digest())
            kind, amount = "application" if m[2] == "refusal" else m[2], "" if m[18] else m[21]
            parties = [names.get(no, "?") for no in m[9:12]]
            said = [kind, *m[3:5], *parties, *m[12:20], amount, m[22], m[25]]
            if CLASS.get(m[2]) in OWN:
                by = parties[0] if CLASS[m[2]] in OWN[:2] else ""
                said = [kind, m[3], "", by, *[""] * 12, m[25]]
            made = digest(CLASS.get(m[2], "?"), *m[5:9])[:32], digest(*said)[:32]
            must(keys.pop(m[0], None) == made, at + "key or content")
        must(root(leaves) == s[9], where + "movements, entries or findings")
        must(sha256(RS.join(annex.pop(s[0], [])).encode()).hexdigest() == s[10], where + "annex")
        must(s[3] >= then, where + "recorded before the one before it")
        previous, then = digest("tpp-ledger/1", head["ledger_id"], *s[:11], previous), s[3]
        must(previous == s[11], where + "digest")
        seen.add(previous)
    last = [head["last_seq"], head["last_submission"], head["digest"]]
    must([seq, len(seen), previous] == last, "the head is not that of the last submission")
    must(then in ("", head["last_recorded_at"]), "the head's instant")
    must(not any([*movements, *tails, *annex, *keys]), "rows that no submission covers")
    must(known is None or known.lower() in seen, "the head noted earlier is not in this chain")
    return f"{seq} movements in {len(seen)} submissions, head {previous}: all as recorded"


if __name__ == "__main__":
    try:
        print(verify(Path(sys.argv[1]), sys.argv[3] if "--head" in sys.argv[2:3] else None))
    except (NotAsRecorded, LookupError, ValueError) as failure:
        sys.exit(f"not as recorded: {failure}")
