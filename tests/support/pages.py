"""The pages of the documentation: their fenced blocks, the commands in these, headings and links."""

import re
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

_FENCE = re.compile(r"^ *```(\w*)$")
_MARK = re.compile(r"^ *<!-- (needs|run by): (.+) -->$")
_HEADING = re.compile(r"^#+ +(.+?)$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block; `mark` is what the comment before it says, such as `("needs", "azure")`."""

    page: Path
    line: int
    language: str
    mark: tuple[str, str] | None
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"

    @property
    def commands(self) -> Iterator[str]:
        """Each command by itself, however many lines it has. In a `console` they follow a `$`, the rest is output."""
        lines = iter(self.text.splitlines())
        for line in lines:
            if self.language == "console" and not line.startswith("$ "):
                continue
            command = line.removeprefix("$ ")
            while not _is_whole(command):
                command += "\n" + next(lines)
            if shlex.split(command, comments=True):
                yield command


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page."""
    before = ""
    lines = iter(enumerate(page.read_text().splitlines(), 1))
    for number, line in lines:
        if begun := _FENCE.match(line):
            held = []
            for _, inner in lines:
                if _FENCE.match(inner):
                    break
                held.append(inner)
            mark = _MARK.match(before)
            text = textwrap.dedent("\n".join(held))
            yield Block(page, number, begun[1], (mark[1], mark[2]) if mark else None, text)
        before = line or before


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return re.sub(r"^ *```\w*$.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """What a link to a section of the page may name, as GitHub makes it of the headings."""
    names = (re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(prose(page)))
    found: set[str] = set()
    for name in names:
        free = (f"{name}-{number}" if number else name for number in range(100))
        found.add(next(one for one in free if one not in found))
    return found


def links(page: Path) -> list[str]:
    """The targets of the links that stay in the repository."""
    return [target for target in _LINK.findall(prose(page)) if "://" not in target]


def _is_whole(command: str) -> bool:
    """Whether the command ends here; a quoted text or a backslash leads to the next line."""
    try:
        shlex.split(command, comments=True)
    except ValueError:
        return False
    return not command.endswith("\\")
