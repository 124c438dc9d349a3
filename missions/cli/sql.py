"""The command sql: any query of the published database.

Belongs here: options, help and how any table is shown.
"""

import sys
from decimal import Decimal
from typing import Annotated

import typer
from rich.measure import Measurement

from missions.cli.app import Csv, Json, command, open_published
from missions.cli.printing import new_console, printed_as_data, show_card, table_of
from missions.errors import UsageError
from missions.reading.cells import as_text
from missions.reading.queries import run

SQL_ROWS = 40  # a screenful; --csv and --json print all


@command
def sql(
    ctx: typer.Context,
    query: Annotated[str, typer.Argument(metavar="SQL", help="For example: FROM composite_index LIMIT 5")],
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Run SQL on the published database. It cannot read or write anything else."""
    with open_published(ctx) as connection:
        if not connection.extract_statements(query):
            raise UsageError("There is no SQL to run.")
        found = run(connection, query)
    if printed_as_data(found, as_json, as_csv):
        return
    console = new_console()
    shown = [[as_text(value) for value in row] for row in found.values[:SQL_ROWS]]
    numeric = [
        any(isinstance(row[i], int | float | Decimal) for row in found.values) for i in range(len(found.columns))
    ]
    table = table_of(dict(zip(found.columns, ["right" if n else "left" for n in numeric], strict=True)), shown)
    if Measurement.get(console, console.options.update(max_width=sys.maxsize), table).minimum <= console.width:
        console.print(table)
    else:  # too wide: print each row as a card
        for row in shown:
            show_card(console, dict(zip(found.columns, row, strict=True)))
    if len(found.values) > SQL_ROWS:
        console.print(f"… {len(found.values) - SQL_ROWS:,} more rows; use --csv to print all")
