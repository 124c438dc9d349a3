"""A user's own CSV file: its columns, in any order and possibly with others, and its rows.

Belongs here: what the three files of `missions score` have in common beyond the rules for any CSV (csv_rules.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from missions.csv_rules import CsvFile, as_text, column_names, nearest, read_bytes, read_rows, shown
from missions.errors import ScoreError


@dataclass(frozen=True)
class UserFile(CsvFile):
    """A file with its required and optional columns."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    @classmethod
    def at(cls, path: Path, required: tuple[str, ...], optional: tuple[str, ...]) -> "UserFile":
        """The file at a path; its faults are ScoreErrors."""
        return cls(path, str(path), ScoreError, required=required, optional=optional)

    def data(self) -> bytes:
        """The content, checked to be text."""
        data = read_bytes(self)
        as_text(self, data)
        return data

    def columns(self, text: str) -> list[str]:
        """The names of the columns. Unknown columns are allowed unless they look like a misspelling."""
        names = [name.strip() for name in column_names(self, text)]
        known = (*self.required, *self.optional)
        missing = [name for name in self.required if name not in names]
        absent = [name for name in known if name not in names]
        strange = [name for name in names if name not in known and (missing or nearest(name, absent))]
        twice = [name for position, name in enumerate(names) if name in names[:position]]
        if not (missing or strange or twice):
            return names
        if missing:
            problem = f"missing column{'s' * (len(missing) > 1)} {', '.join(missing)}"
            if strange:
                problem += f" (found {shown(strange[0])})"
        elif strange:
            problem = f"unknown column {shown(strange[0])}{nearest(strange[0], absent)}"
        else:
            problem = f"duplicate column {shown(twice[0])}"
        optional = f"; optional: {', '.join(self.optional)}" if self.optional else ""
        raise self.fault(f"{problem}; required columns: {', '.join(self.required)}{optional}", 1)

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """The rows, at least one, each with the number of its first line; empty lines are skipped."""
        text = as_text(self, read_bytes(self))
        names = self.columns(text)
        found = 0
        for line, cells in read_rows(self, text):
            found += 1
            yield line, dict(zip(names, cells, strict=True))
        if not found:
            raise self.fault("no rows below the header")
