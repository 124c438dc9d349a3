"""What a CSV file that people write must be: its text, its header, its rows and its cells.

Belongs here: the rules that apply to a seed and to a user's own file alike, and the wording of a fault. The columns of
a file and the rules between its rows are where it is read: sources/load.py and scoring/inputs.py.
"""

import csv
import difflib
import io
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from missions.errors import FileFault
from missions.sql import quoted_text


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

    def is_met_by(self, cell: str) -> str:
        """The SQL condition that a text of a seed has this type."""
        cast = f"TRY_CAST({cell} AS {self.sql})"
        is_in_range = f"coalesce(isfinite({cast}), false)" if self.sql == "DOUBLE" else f"{cast} IS NOT NULL"
        return f"(regexp_full_match({cell}, '{self.pattern}') AND {is_in_range})"


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

# What spreadsheets and web pages put around and into numbers: kinds of space, and characters without a width.
SPACES = " \t\r\n\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\u2028\u2029"
INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
# A number as people write it: a minus sign of print, and thousands set off by spaces, can only be read in one way.
_WRITTEN = (
    rf"[{SPACES}]*[+\-\u2212]?([0-9]{{1,3}}([{SPACES[0]}{SPACES[4:]}][0-9]{{3}}){{1,6}}(\.[0-9]*)?|[0-9]{{1,20}}(\.[0-9]*)?|\.[0-9]+)"
    rf"([eE][+\-\u2212]?[0-9]{{1,3}})?[{SPACES}]*"
).replace("\\u2212", "\u2212")
_NUMBER = re.compile(_WRITTEN)
# Beyond this a square or a cube can leave the range of a double: ranks would be wrong without a word.
LARGEST = 1e100
_SMALLEST = 1e-100
_LONGEST_CELL = 131_072  # characters, Python's own limit
_WITHOUT_FIGURE = "leave the cell empty where there is no figure"
# What people and spreadsheets write where a number belongs (regular expressions), and what to do about it.
_ALMOST = {
    r"[£$€].*|.*[%£$€]": "write the number without its unit",
    r"[0-9]{21,}(\.[0-9]*)?": "a number has at most 20 digits before the point",
    r"\([0-9., ]+\)|[0-9.]+ ?-|[\u2010-\u2015] ?[0-9.]+": "write a negative number as in -12.5",
    r"[0-9]{1,3}(['\u2019][0-9]{3})+(\.[0-9]*)?": "write thousands without a separator",
    r"[+-]?[0-9.]+ *([*\u2020\u2021]+|[\[(][a-zA-Z0-9 ]+[\])]|[a-zA-Z]{1,2})": "write the number without a mark",
    r"#[A-Z0-9/!?#]+|#+": f"the spreadsheet saved an error here; mend it there, or {_WITHOUT_FIGURE}",
    r"=.*|'[0-9.]+": "save the value, not a formula or text",
    r"[0-9]{1,2}[-/ ][A-Za-z]{3}.*|[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}": "a spreadsheet may have made it a date",
}
_TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_LINE_END = re.compile(rb"\r\n?|\n")
_CONTROL_CHARACTER = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # all except tabs and line ends
_NO_CSV = {
    b"PK\x03\x04": "a spreadsheet or an archive, not text",
    b"\xd0\xcf\x11\xe0": "a spreadsheet, not text",
    b"%PDF": "a PDF, not text",
    b"<!": "a web page, not CSV",
    b"<html": "a web page, not CSV",
    b"<?xml": "XML, not CSV",
    b"{": "JSON, not CSV",
    b"[{": "JSON, not CSV",
}
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
    for start, what in _NO_CSV.items():
        if data.lstrip().startswith(start):
            raise file.fault(f"the file is {what}; save it as CSV in UTF-8", 1)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or data[:200].count(b"\x00") > len(data[:200]) // 3:
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
    if re.fullmatch(r"\ufeff?sep=.?,*", first_line):
        raise file.fault(f"the first line must hold the names of the columns, found {shown(first_line)}; delete it", 1)
    names = next(csv.reader([first_line]), [])
    if len(names) == 1 and (separator := _OTHER_SEPARATOR.search(names[0])):
        raise file.fault(f"cells are separated by {shown(separator[0])}; use commas", 1)
    return names


def read_rows(file: CsvFile, text: str, *, one_line_each: bool = False) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header, each with the number of its first line; a row has as many cells as the header.

    A quoted cell may contain line breaks. What spreadsheets leave at the edges of a table is passed over: lines that
    are empty or hold separators alone, and empty cells beyond the last column. If each row must be one line, so must
    each line be a row, without anything to pass over.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        header = [bare(name) for name in next(reader)]
        while True:
            line = reader.line_num + 1
            cells = next(reader, None)
            if cells is None:
                return
            if any(len(cell) > _LONGEST_CELL for cell in cells):
                raise csv.Error("field limit")  # libraries that a build loads raise Python's own
            if one_line_each and reader.line_num > line:
                raise csv.Error("line break inside a cell")
            if not one_line_each:
                if not any(map(bare, cells)):
                    continue
                cells = _fitted(cells, header)
            if len(cells) != len(header):
                if len(cells) > len(header):
                    hint = "; put a cell that contains commas in quotation marks, and name every column in line 1"
                else:
                    hint = "" if one_line_each else "; delete notes below the table"
                raise file.fault(f"expected {len(header)} cells, found {len(cells)}{hint}", line)
            yield line, cells
    except csv.Error as error:
        if "field limit" in str(error):
            problem = f"a cell of more than {_LONGEST_CELL:,} characters; a quotation mark may be missing"
            raise file.fault(problem, line) from None
        hint = "; a quoted cell must end on its own line" if one_line_each else ""
        raise file.fault(f"misplaced quotation mark{hint} ({error})", line) from None


def _fitted(cells: list[str], header: list[str]) -> list[str]:
    """The cells without empty ones beyond the header, and with empty ones for columns without a name at its end."""
    if not any(map(bare, cells[len(header) :])):
        cells = cells[: len(header)]
    return cells + [""] * (len(header) - len(cells)) if not any(header[len(cells) :]) else cells


def read_csv(columns: Sequence[str]) -> str:
    """The SQL that reads the file `$path` by the same rules: every cell as text, null where empty."""
    types = ", ".join(f"{quoted_text(name)}: 'VARCHAR'" for name in columns)
    return (
        f"read_csv($path, columns = {{{types}}}, auto_detect = false, header = true, "
        "strict_mode = true, delim = ',', quote = '\"', escape = '\"', nullstr = '')"
    )


# --- A cell -----------------------------------------------------------------------------------------------------------


def bare(text: str) -> str:
    """The text without the spaces and invisible characters around it."""
    return text.strip(SPACES + INVISIBLE)


def named(text: str) -> str:
    """A text as a name: without what cannot be seen around it. Plain spaces are part of it, unless there is no more."""
    return text.strip(SPACES[4:] + INVISIBLE) if bare(text) else ""


def named_sql(cell: str) -> str:
    """The SQL for `named`, null where nothing is left."""
    is_blank = f"coalesce(trim({cell}, {quoted_text(SPACES + INVISIBLE)}), '') = ''"
    return f"CASE WHEN NOT {is_blank} THEN trim({cell}, {quoted_text(SPACES[4:] + INVISIBLE)}) END"


def as_number(text: str) -> float | None:
    """The number in a cell, however a spreadsheet spaced it; None if there is none, or none that can be squared."""
    text = text.translate(dict.fromkeys(map(ord, INVISIBLE)))
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text.translate(dict.fromkeys(map(ord, SPACES)) | {0x2212: "-"}))
    return number if number == 0 or _SMALLEST <= abs(number) <= LARGEST else None


def number_sql(cell: str) -> str:
    """The SQL for `as_number`: a double, null if the text has none."""
    visible = f"regexp_replace({cell}, {quoted_text(f'[{INVISIBLE}]')}, '', 'g')"
    plain = f"replace(regexp_replace({visible}, {quoted_text(f'[{SPACES}]')}, '', 'g'), '\u2212', '-')"
    number = f"TRY_CAST({plain} AS DOUBLE)"
    return (
        f"CASE WHEN regexp_full_match({visible}, {quoted_text(_WRITTEN)}) "
        f"AND ({number} = 0 OR abs({number}) BETWEEN {_SMALLEST} AND {LARGEST}) THEN {number} END"
    )


def as_truth(text: str) -> bool | None:
    """True or false, as people and spreadsheets write them; None for anything else."""
    return _TRUTHS.get(bare(text).lower())


def misfit(text: str | None, expected: str, hint: str = "") -> str:
    """The message for a cell with unexpected content."""
    if not hint and expected == TYPES["number"].expected and text and "," in text:
        hint = "; use a decimal point and no thousands separator"
    return f"expected {expected}, found {shown(text)}{hint}"


def number_misfit(text: str, *, may_be_empty: bool = True) -> str:
    """The message for a cell of a user's own file that `as_number` does not read, with what to do about it."""
    plain = bare(text)
    if _NUMBER.fullmatch(plain.translate(dict.fromkeys(map(ord, INVISIBLE)))):
        expected = f"expected a number that is 0 or from {_SMALLEST:g} to {LARGEST:g} in size"
        return f"{expected}, found {shown(text)}; use a larger or smaller unit"
    hint = next((f"; {hint}" for form, hint in _ALMOST.items() if re.fullmatch(form, plain)), "")
    if not hint and may_be_empty and "," not in plain:
        hint = f"; {_WITHOUT_FIGURE}"
    return misfit(text, TYPES["number"].expected, hint)


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
    near = [name for name in known if _spelling(name) == _spelling(value)][:1]
    near = near or difflib.get_close_matches(value, known, n=1, cutoff=cutoff)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _spelling(name: str) -> str:
    """A name without what spreadsheets and people change: case, accents' form, separators, zeros around a code."""
    plain = re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", re.sub(r"\.0+$", "", bare(name)))).casefold()
    return plain.lstrip("0") or plain
