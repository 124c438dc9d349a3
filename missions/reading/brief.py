"""One council in brief: its sentences, in the order in which they matter.

Belongs here: the question behind `missions brief` and `Index.brief`.
"""

from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from missions.reading.labels import Labels
from missions.reading.lookup import council, find_authority
from missions.reading.sentences import Sentence, brief, council_facts, texts


@dataclass(frozen=True, kw_only=True)
class Brief:
    """One council and its sentences; notes are about a name that was not taken literally."""

    publication_id: str
    notes: tuple[str, ...]
    authority: dict[str, Any]
    sentences: tuple[Sentence, ...]

    @property
    def text(self) -> str:
        """All sentences as one paragraph."""
        return texts(self.sentences)

    @property
    def records(self) -> dict[str, Any]:
        """The publication, the council and its sentences (kind, text, facts), without the notes."""
        sentences = [asdict(sentence) for sentence in self.sentences]
        return {"publication_id": self.publication_id, "authority": self.authority, "sentences": sentences}


def brief_of(connection: duckdb.DuckDBPyConnection, name: str) -> Brief:
    """Say what the index knows about a council, given its name or code. Raises UsageError if there is none."""
    found = find_authority(connection, name)
    facts = council_facts(connection, found.code)[found.code]
    return Brief(
        publication_id=Labels.of(connection).publication_id,
        notes=found.notes,
        authority=council(connection, found.code),
        sentences=tuple(brief(facts)),
    )
