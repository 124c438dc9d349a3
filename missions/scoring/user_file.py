"""A user's own CSV file: columns in any order, beside others, and rows as cells by column.

Belongs here: what all three files of `missions score` have in common beyond the rules of any CSV (csv_rules.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from missions.csv_rules import CsvFile, as_text, column_names, nearest, read_bytes, read_rows, shown
from missions.errors import ScoreError


@dataclass(frozen=True)
class UserFile(CsvFile):
    """A file with the columns that it must have and those that it may have."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    @classmethod
    def at(cls, path: Path, required: tuple[str, ...], optional: tuple[str, ...]) -> "UserFile":
        """The file of this path, whose faults are ScoreErrors."""
        return cls(path, str(path), ScoreError, required=required, optional=optional)

    def data(self) -> bytes:
        """The content, which was found to be text."""
        data = read_bytes(self)
        as_text(self, data)
        return data

    def columns(self, text: str) -> list[str]:
        """The names of the columns. Unknown ones may stand beside the others, but none that seems misspelt."""
        names = [name.strip() for name in column_names(self, text)]
        known = (*self.required, *self.optional)
        missing = [name for name in self.required if name not in names]
        absent = [name for name in known if name not in names]
        strange = [name for name in names if name not in known and (missing or nearest(name, absent))]
        twice = [name for position, name in enumerate(names) if name in names[:position]]
        if not (missing or strange or twice):
            return names
        if missing:
            problem = f"there is no column {' and no column '.join(missing)}"
            if strange:
                problem += f" (but one called {shown(strange[0])})"
        elif strange:
            problem = f"there is no use for a column {shown(strange[0])}{nearest(strange[0], absent)}"
        else:
            problem = f"there are two columns {shown(twice[0])}"
        may = f" and may be {', '.join(self.optional)}" if self.optional else ""
        raise self.fault(f"{problem}; columns must be {', '.join(self.required)}{may}", 1)

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """The rows, of which there is one at least, with the lines on which they begin; empty lines are passed over."""
        text = as_text(self, read_bytes(self))
        names = self.columns(text)
        found = 0
        for line, cells in read_rows(self, text):
            found += 1
            yield line, dict(zip(names, cells, strict=True))
        if not found:
            raise self.fault("there are no rows below the names of the columns")
