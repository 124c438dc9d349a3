"""A user's own CSV file: its columns, in any order and possibly with others, and its rows.

Belongs here: what the three files of `missions score` have in common beyond the rules for any CSV (csv_rules.py).
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from missions.csv_rules import CsvFile, as_text, bare, column_names, named, nearest, read_bytes, read_rows, shown
from missions.errors import ScoreError

# The names that COINr gives to columns of its iData and iMeta.
_COINR = {
    "uCode": "unit_id",
    "uName": "unit_name",
    "Time": "period",
    "iCode": "node_id",
    "iName": "label",
    "Parent": "parent_id",
    "Weight": "weight",
    "Direction": "direction",
}


@dataclass(frozen=True)
class UserFile(CsvFile):
    """A file with its required and optional columns."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    form: str = ""  # what a row must be, for the error about missing columns

    @classmethod
    def at(cls, path: Path, required: tuple[str, ...], optional: tuple[str, ...], form: str = "") -> "UserFile":
        """The file at a path; its faults are ScoreErrors."""
        return cls(path, str(path), ScoreError, required=required, optional=optional, form=form)

    def data(self) -> bytes:
        """The content, checked to be text."""
        data = read_bytes(self)
        as_text(self, data)
        return data

    def header(self, text: str) -> list[str]:
        """The names in the first line, unchecked: COINr's translated, empty for a column without a name."""
        names = [bare(name) for name in column_names(self, text)]
        is_coinr = "uCode" in names or "iCode" in names
        return [_COINR.get(name, name) for name in names] if is_coinr else names

    def columns(self, text: str) -> list[str]:
        """The names of the columns. Unknown columns are allowed unless they look like a misspelling."""
        names = self.header(text)
        known = (*self.required, *self.optional)
        missing = [name for name in self.required if name not in names]
        absent = [name for name in known if name not in names]
        strange = [name for name in names if name and name not in known and (missing or nearest(name, absent))]
        twice = [name for position, name in enumerate(names) if name and name in names[:position]]
        if not (missing or strange or twice):
            return names
        if missing:
            problem = f"missing column{'s' * (len(missing) > 1)} {', '.join(missing)}"
            if strange:
                likely = next((name for name in strange if nearest(name, missing)), strange[0])
                problem += f" (found {shown(likely)}){nearest(likely, missing)}"
            if line := self._line_of_names(text):
                raise self.fault(f"the names of the columns are on line {line}; delete the lines above it", 1)
            problem += self.form
        elif strange:
            problem = f"unknown column {shown(strange[0])}{nearest(strange[0], absent)}"
        else:
            problem = f"duplicate column {shown(twice[0])}"
        optional = f"; optional: {', '.join(self.optional)}" if self.optional else ""
        raise self.fault(f"{problem}; required columns: {', '.join(self.required)}{optional}", 1)

    def _line_of_names(self, text: str) -> int | None:
        """The line below the first that has the required columns, if any: titles and notes are above it."""
        for line, cells in enumerate(csv.reader(text[:10_000].splitlines()[1:21]), start=2):
            if set(self.required) <= set(map(bare, cells)):
                return line
        return None

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """The rows, at least one, each with the number of its first line; empty lines are skipped.

        Cells come without the characters around them that cannot be seen.
        """
        text = as_text(self, read_bytes(self))
        names = self.columns(text)
        found = 0
        for line, cells in read_rows(self, text):
            found += 1
            for place, (name, cell) in enumerate(zip(names, cells, strict=True), start=1):
                if not name and bare(cell):
                    raise self.fault(
                        f"column {place} has no name in line 1, but holds {shown(cell)}; name it, or delete it", line
                    )
            yield line, {name: named(cell) for name, cell in zip(names, cells, strict=True) if name}
        if not found:
            raise self.fault("no rows below the header")
