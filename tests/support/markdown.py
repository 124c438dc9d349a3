"""A Markdown page as the tests of docs read it: its code, its blocks, its headings."""

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
    """The code fences in the order of the page; all where no language is named."""
    found = [(*match["info"].partition(" ")[::2], textwrap.dedent(match["text"])) for match in FENCE.finditer(page)]
    return [Fence(*parts) for parts in found if not languages or parts[0] in languages]


def code(page: str) -> str:
    """Everything in code fences and between backticks, a line each."""
    spans = re.findall(r"`([^`\n]+)`", FENCE.sub("", page))
    return "\n".join([*spans, *(match["text"] for match in FENCE.finditer(page))])


def anchors(page: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
