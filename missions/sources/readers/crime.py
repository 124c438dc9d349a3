"""Police-recorded crime (ONS): Table C2, counts by Community Safety Partnership, saved as CSV with a preamble."""

import csv
from collections.abc import Set
from pathlib import Path

import pandas as pd

from missions.sources.readers.table import number
from missions.sources.registry import Source

_KEYS = ["force_code", "force_name", "partnership_code", "partnership_name", "authority_code", "authority_name"]


def read(source: Source, folder: Path, measures: Set[str]) -> pd.DataFrame:
    """Every offence group in the English rows, in layout partnership_count (a small table: all measures are kept).

    Rows that belong to no council are kept: force totals, unassigned crimes and Manchester Airport.
    """
    path = folder / source.files[0].path
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    start = next((i for i, row in enumerate(rows) if row[0].startswith("Police Force")), None)
    if start is None:
        raise ValueError(f"{path.name}: no header row that begins with 'Police Force'")
    # Header cells contain line breaks, and notes in square brackets.
    header = [" ".join(cell.split("[")[0].split()) for cell in rows[start]]
    table = pd.DataFrame(rows[start + 1 :], columns=_KEYS + header[len(_KEYS) :])
    table = table[table["force_code"].str.startswith("E23")]
    table[_KEYS] = table[_KEYS].apply(lambda column: column.str.strip())
    long = table.melt(_KEYS, var_name="measure", value_name="text")
    assert source.period is not None, "the registry states the period of this table"
    return pd.DataFrame(
        {
            "force_code": long["force_code"],
            # An unassigned row has a name or a word in place of the partnership code.
            "partnership_code": long["partnership_code"].where(long["partnership_code"].str.startswith("E22"), ""),
            "partnership_name": long["partnership_name"].where(
                long["partnership_name"] != "", long["partnership_code"]
            ),
            "authority_code": long["authority_code"],
            "measure": long["measure"],
            "period_start_date": source.period.start,
            "period_end_date": source.period.end,
            "value": number(long["text"], path, missing=("", "[x]")),
        }
    )
