"""`tpp transfer` and files of transfers, as a person meets them."""

from __future__ import annotations

import csv
import io

HEADINGS = (
    "document,transferred_on,received_on,owner,to_owner,from_facility,from_country,to_facility,"
    "to_country,authorization,chip,quantity\n"
)
GOOD = "M-1,2025-06-01,2025-06-09,Corp,,Pune 2,India,Warsaw 1,Poland,none,H100 SXM,8\n"
BAD = (
    "M-2,2025-06-01,2025-05-09,Corp,,Pune 2,India,Warsaw 1,Poland,none,H100 SXM,8\n"
    "M-3,2025-06-01,,Corp,corp,Pune 2,India,PUNE 2,India,none,H100 SXM,8\n"
    "M-4,2025-06-01,,Corp,,Pune 2,Indai,Warsaw 1,Poland,none,H100 SXM,0\n"
    "M-5,2025-06-01,,,,Pune 2,India,,Poland,none,H100 SXM,8\n"
)
TYPED = ["transfer", "--document", "M-7", "--transferred-on", "2025-06-01", "--owner", "Corp"]
TYPED += ["--from-facility", "Pune 2", "--from-country", "India", "--chip", "H100 SXM"]
TYPED += ["--to-facility", "Warsaw 1", "--to-country", "Poland", "--quantity", "8"]


def test_a_move_typed_by_hand_is_two_movements(folder, tpp):
    done = tpp(*TYPED, "--authorization", "none")
    assert done.exit_code == 5
    assert "recorded, seq 2" in done.stdout
    assert "[no_authorization]" in done.stderr
    kinds = [row["kind"] for row in csv.DictReader(io.StringIO(tpp("movements").stdout))]
    assert kinds == ["adoption", "transfer_out", "transfer_in"]
    told = tpp("explain", "M-7").stdout
    assert "ruled as what it is in law: reexport" in told
    assert tpp("check").exit_code == 0


def test_wrong_words_are_said_as_options(folder, tpp):
    done = tpp(*TYPED[:-1], "-8", "--from-country", "Indai")
    assert done.exit_code == 2
    assert 'tpp transfer, --from-country "Indai": no such country (nearest: India' in done.stderr
    assert 'tpp transfer, --quantity "-8"' in done.stderr


def test_a_file_of_transfers(folder, tpp):
    """Rows that move nothing, arrive before they leave or say too little are rejected."""
    (folder / "moves.csv").write_text(HEADINGS + GOOD + BAD, encoding="utf-8")
    done = tpp("import moves.csv --as transfers")
    assert done.exit_code == 5
    assert "recorded 2 (seq 2-3, submission 2), 4 rejected" in done.stdout
    assert 'moves.csv:3, received_on "2025-05-09": before transferred_on' in done.stderr
    assert "moves.csv:4, to_facility" in done.stderr
    assert "nothing moves" in done.stderr
    assert 'moves.csv:5, from_country "Indai": no such country (nearest: India' in done.stderr
    assert 'moves.csv:5, quantity "0"' in done.stderr
    assert "moves.csv:6, owner: is empty" in done.stderr.replace(' ""', "")
    again = tpp("import moves.csv --as transfers")
    assert "2 already recorded" in again.stdout
    sites = tpp("report facilities --as-of 2025-06-30").stdout
    found = {r["facility"]: (r["on_hand"], r["state"]) for r in csv.DictReader(io.StringIO(sites))}
    assert found == {"Pune 2": ("-8", "below zero"), "Warsaw 1": ("8", "on hand")}


def test_the_template_has_the_headings_of_a_move(empty, tpp):
    done = tpp("template transfers")
    headings = done.stdout.strip().split(",")
    assert headings[:4] == ["document", "line", "transferred_on", "received_on"]
    said = " ".join(done.stderr.split())
    assert "from_facility data centre or site they left (must be filled)" in said
