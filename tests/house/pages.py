"""Links of Markdown pages, and what is wrong with them."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

_CODE = re.compile(r"^(```|~~~).*?^\1[^\n]*$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_REFERENCE = re.compile(r"^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.MULTILINE)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def broken_links(page: Path) -> list[str]:
    """Each relative link of a page that leads to no file, or to no heading of it."""
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    targets = [*_LINK.findall(text), *_REFERENCE.findall(text)]
    return [f"{page}: {t}" for t in targets if not _ELSEWHERE.match(t) and not _leads(page, t)]


def _leads(page: Path, target: str) -> bool:
    name, _, anchor = unquote(target).partition("#")
    goal = page.parent / name if name else page
    if not goal.exists():
        return False
    return not anchor or (goal.suffix == ".md" and anchor in anchors(goal))


def anchors(page: Path) -> set[str]:
    """The anchors GitHub gives a page's headings: repeated ones are numbered."""
    found: set[str] = set()
    for heading in _HEADING.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        anchor = name = _anchor(heading)
        again = 0
        while anchor in found:
            again += 1
            anchor = f"{name}-{again}"
        found.add(anchor)
    return found


def _anchor(heading: str) -> str:
    shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
