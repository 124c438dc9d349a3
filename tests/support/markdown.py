"""A Markdown page taken apart for the tests of docs: code, blocks and headings."""

import re
import textwrap
from typing import NamedTuple

FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n]*)\n(?P<text>.*?)^(?P=indent)```$", re.DOTALL | re.MULTILINE)


class Fence(NamedTuple):
    """A code fence: its language, what follows the language, and its text."""

    language: str
    name: str
    text: str


def fences(page: str, *languages: str) -> list[Fence]:
    """The code fences of these languages, or of all, in the order of the page."""
    found = [(*match["info"].partition(" ")[::2], textwrap.dedent(match["text"])) for match in FENCE.finditer(page)]
    return [Fence(*parts) for parts in found if not languages or parts[0] in languages]


def code(page: str) -> str:
    """Everything in code fences and between backticks, one per line."""
    spans = re.findall(r"`([^`\n]+)`", FENCE.sub("", page))
    return "\n".join([*spans, *(match["text"] for match in FENCE.finditer(page))])


def anchors(page: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
