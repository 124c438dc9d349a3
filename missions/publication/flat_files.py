"""The marts as CSV and Parquet, with texts that no spreadsheet runs as a formula.

Belongs here: how a value is written in a flat file, and the checksum of the content.
"""

import re
from pathlib import Path

import duckdb

from missions.files import sha256
from missions.publication.marts import Mart
from missions.sql import quoted_name, quoted_text

# A spreadsheet that opens a CSV file runs texts that begin with these as formulas (OWASP, CSV Injection), unless they
# are plain numbers or a single sign. The last four are the full-width forms of the first four.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
NO_FORMULA = r"[+-]?[0-9]+([.,][0-9]+)*([eE][+-]?[0-9]+)?%?|."


def safe_in_spreadsheets(text: str) -> str:
    """A text as a CSV cell: with an apostrophe before it if a spreadsheet would run it as a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) and not re.fullmatch(NO_FORMULA, text) else text


def safe_column(name: str) -> str:
    """The same for a column, as an expression in SQL; `name` must be quoted already."""
    starts = ", ".join(f"chr({ord(start)})" for start in FORMULA_STARTS)
    is_formula = f"left({name}, 1) IN ({starts}) AND NOT regexp_full_match({name}, {quoted_text(NO_FORMULA)})"
    return f"CASE WHEN {is_formula} THEN chr(39) || {name} ELSE {name} END AS {name}"


def write_flat_files(connection: duckdb.DuckDBPyConnection, folder: Path, mart: Mart) -> None:
    """Write one mart, rows in key order, into the publication's folders csv and parquet."""
    # DuckDB writes dates in ISO 8601, but times with a space instead of a T.
    names = [(quoted_name(column.name), column) for column in mart.columns]
    columns = ", ".join(
        f"replace({name}::VARCHAR, ' ', 'T') AS {name}"
        if column.field_type == "datetime"
        else safe_column(name)
        if column.is_text
        else name
        for name, column in names
    )
    csv, parquet = folder / "csv" / f"{mart.name}.csv", folder / "parquet" / f"{mart.name}.parquet"
    connection.execute(f"COPY (SELECT {columns} {mart.in_order}) TO {quoted_text(csv)} (FORMAT csv, HEADER)")
    connection.execute(f"COPY (SELECT * {mart.in_order}) TO {quoted_text(parquet)} (FORMAT parquet, COMPRESSION zstd)")


def content_hash(folder: Path, marts: list[Mart]) -> str:
    """Eight hexadecimal digits that depend on the tables, their types and their rows, and on nothing else."""
    lines = [f"{mart.ddl}\n{sha256(folder / 'csv' / f'{mart.name}.csv')}\n" for mart in marts]
    return sha256("".join(lines).encode())[:8]
