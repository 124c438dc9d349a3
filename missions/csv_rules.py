"""What a CSV file that people write must be: its text, its header, its rows and its cells.

Belongs here: the rules that apply to a seed and to a user's own file alike, and the wording of a fault. The columns of
a file and the rules between its rows are where it is read: sources/load.py and scoring/inputs.py.
"""

import csv
import difflib
import io
import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from missions.errors import FileFault


@dataclass(frozen=True)
class CsvFile:
    """A file to be checked: its name in error messages, the class of its errors, and the remedy they suggest."""

    path: Path
    name: str
    error: type[FileFault]
    remedy: str = ""

    def fault(self, problem: str, line: int | None = None, column: str | None = None) -> FileFault:
        """The error for a problem in this file, at a line and column where known."""
        return self.error(self.name, problem, line, column, self.remedy)


@dataclass(frozen=True)
class CellType:
    """The SQL type of a cell, the pattern its text must match (empty: any text), and a description for error messages.

    DuckDB's own casts would accept ' 5', NaN, 1_000 and dates in other formats.
    """

    sql: str
    pattern: str
    expected: str

    def is_met_by(self, cell: str, blanks: str = "") -> str:
        """The SQL condition that a text has this type; `blanks` is the pattern of the whitespace allowed around it."""
        cast = f"TRY_CAST({cell} AS {self.sql})"
        is_in_range = f"coalesce(isfinite({cast}), false)" if self.sql == "DOUBLE" else f"{cast} IS NOT NULL"
        return f"(regexp_full_match({cell}, '{blanks}{self.pattern}{blanks}') AND {is_in_range})"


TYPES = {
    "text": CellType("VARCHAR", "", "text"),
    # More than twenty digits before the point are a typing error.
    "number": CellType(
        "DOUBLE", r"[+-]?([0-9]{1,20}(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", "a number such as 12.5"
    ),
    "integer": CellType("BIGINT", "-?[0-9]+", "a whole number such as 12"),
    "date": CellType("DATE", "[12][0-9]{3}-[0-9]{2}-[0-9]{2}", "a date such as 2024-12-31"),
    "boolean": CellType("BOOLEAN", "(?i:true|false)", "true or false"),
}

BLANKS = r"[ \t\r\n]*"  # allowed around a number in a user's own file
_NUMBER = re.compile(f"{BLANKS}(?:{TYPES['number'].pattern}){BLANKS}")
_TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_LINE_END = re.compile(rb"\r\n?|\n")
_CONTROL_CHARACTER = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # all except tabs and line ends
_OTHER_SEPARATOR = re.compile(r"[;\t|]")


# --- A file as a whole ------------------------------------------------------------------------------------------------


def read_bytes(file: CsvFile) -> bytes:
    """The content of the file, unchecked."""
    if file.path.exists() and not (file.path.is_file() or file.path.is_dir()):
        raise file.fault("not a regular file; save it as a CSV file first")
    try:
        return file.path.read_bytes()
    except FileNotFoundError as error:
        raise file.fault("the file is missing") from error
    except OSError as error:
        raise file.fault(f"the file cannot be read ({error.strerror})") from error


def as_text(file: CsvFile, data: bytes) -> str:
    """The content decoded from UTF-8, with or without a byte order mark."""
    if not data.strip():
        raise file.fault("the file is empty")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise file.fault("the file is UTF-16 text; save it as CSV in UTF-8", 1)
    if stray := _CONTROL_CHARACTER.search(data):
        problem = f"control character {stray[0].decode()!r}: the file is damaged or not text"
        raise file.fault(problem, _line_at(data, stray.start()))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = f"byte 0x{error.object[error.start]:02x} is not UTF-8 text; save the file as CSV in UTF-8"
        raise file.fault(problem, _line_at(error.object, error.start)) from None


def _line_at(data: bytes, position: int) -> int:
    return len(_LINE_END.findall(data, 0, position)) + 1


def column_names(file: CsvFile, text: str) -> list[str]:
    """The names in the first line, separated by commas."""
    first_line = re.split("[\r\n]", text[:10_000], maxsplit=1)[0]
    names = next(csv.reader([first_line]), [])
    if len(names) == 1 and (separator := _OTHER_SEPARATOR.search(names[0])):
        raise file.fault(f"cells are separated by {shown(separator[0])}; use commas", 1)
    return names


def read_rows(file: CsvFile, text: str, *, one_line_each: bool = False) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header, each with the number of its first line; a row must have as many cells as the header.

    Empty lines are skipped and a quoted cell may contain line breaks, unless each row must be one line.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        columns = len(next(reader))
        while True:
            line = reader.line_num + 1
            cells = next(reader, None)
            if cells is None:
                return
            if one_line_each and reader.line_num > line:
                raise csv.Error("line break inside a cell")
            if not cells and not one_line_each:
                continue
            if len(cells) != columns:
                hint = "; put a cell that contains commas in quotation marks" if len(cells) > columns else ""
                raise file.fault(f"expected {columns} cells, found {len(cells)}{hint}", line)
            yield line, cells
    except csv.Error as error:
        hint = "; a quoted cell must end on its own line" if one_line_each else ""
        raise file.fault(f"misplaced quotation mark{hint} ({error})", line) from None


def read_csv(columns: Collection[str]) -> str:
    """The SQL that reads the file `$path` by the same rules: every cell as text, null where empty."""
    return (
        f"read_csv($path, columns = {dict.fromkeys(columns, 'VARCHAR')}, auto_detect = false, header = true, "
        "strict_mode = true, delim = ',', quote = '\"', escape = '\"', nullstr = '')"
    )


# --- A cell -----------------------------------------------------------------------------------------------------------


def as_number(text: str) -> float | None:
    """The finite number in a cell, ignoring whitespace around it; None if there is none."""
    number = float(text) if _NUMBER.fullmatch(text) else math.nan
    return number if math.isfinite(number) else None


def as_truth(text: str) -> bool | None:
    """True or false, as people and spreadsheets write them; None for anything else."""
    return _TRUTHS.get(text.strip().lower())


def misfit(text: str | None, expected: str, hint: str = "") -> str:
    """The message for a cell with unexpected content."""
    if not hint and expected == TYPES["number"].expected and text and "," in text:
        hint = "; use a decimal point and no thousands separator"
    return f"expected {expected}, found {shown(text)}{hint}"


def shown(value: object, longest: int = 60) -> str:
    """A value as error messages show it: in quotation marks, shortened if long."""
    if value is None:
        return "nothing"
    if value == "":
        return "an empty cell"
    text = str(value)
    return repr(text if len(text) <= longest else text[:longest] + "…")


def nearest(value: str, known: Collection[str], cutoff: float = 0.7) -> str:
    """A hint naming the most similar known name, or nothing."""
    near = difflib.get_close_matches(value, known, n=1, cutoff=cutoff)
    return f" (did you mean {near[0]!r}?)" if near else ""
