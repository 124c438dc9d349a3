"""Result files: queries written as CSV to a folder, all of them or none.

Belongs here: what `missions score` and `missions regroup` have in common when they write.
"""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import duckdb

from missions.errors import ScoreError
from missions.sql import quoted_text


def check_folder(out: Path) -> None:
    """Raise ScoreError if `out` exists and is not a folder, before any work is done."""
    if out.exists() and not out.is_dir():
        raise ScoreError(str(out), "not a folder; --out must be a folder for the results")


def write_results(connection: duckdb.DuckDBPyConnection, out: Path, results: Mapping[str, str]) -> None:
    """Write each query to the CSV file of its name in the folder `out`. Raises ScoreError if they cannot be written."""
    try:
        _write(connection, out.resolve(), results)
    except OSError as error:
        raise ScoreError(str(out), f"the results cannot be written here ({error.strerror})") from error
    except duckdb.IOException as error:
        problem = "the results cannot be written here; check the space on the disk and your permissions"
        raise ScoreError(str(out), problem) from error


def _write(connection: duckdb.DuckDBPyConnection, out: Path, results: Mapping[str, str]) -> None:
    """Write to a folder beside `out`, and move the files into place when complete."""
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        for name, query in results.items():
            path = quoted_text(folder / f"{name}.csv")
            connection.execute(f"COPY ({query}) TO {path} (FORMAT csv, HEADER)")
        out.mkdir(exist_ok=True)
        for name in results:
            (folder / f"{name}.csv").replace(out / f"{name}.csv")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
