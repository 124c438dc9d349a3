"""The command small-areas: the neighbourhoods of a council, or the one that a postcode is in.

Belongs here: options, help and what is shown of the answer.
"""

from typing import Annotated, Any

import typer
from rich.console import Console

from missions.cli.app import Csv, Json, command, open_published, tell
from missions.cli.printing import new_console, printed_as_data, show_card, table_of

Place = Annotated[
    list[str], typer.Argument(metavar="NAME", help="A council, a town, ward or parish in it, or a postcode.")
]


@command
def small_areas(
    ctx: typer.Context,
    words: Place,
    top: Annotated[int, typer.Option(min=1, help="How many to list; --json and --csv include all.")] = 10,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List a council's small areas, highest need first, with what drives it. A postcode also shows its own."""
    from missions.reading.small_areas import small_areas_of

    with open_published(ctx) as connection:
        found = small_areas_of(connection, " ".join(words))
        (england,) = connection.execute("SELECT count(*) FROM small_area_index WHERE is_overall").fetchall()[0]
    tell(*found.notes)
    if printed_as_data(found.small_areas, as_json, as_csv, found.records):
        return
    console = new_console()
    if found.small_area and found.domains:
        _show_one(console, found.small_area, found.domains.records, england)
    rows = found.small_areas.records
    _show_list(console, rows[:top])
    name = found.authority["authority_name"]
    console.print(
        f"{name}: {min(top, len(rows))} of {len(rows)} small areas; ranks among England's {england:,}. "
        "Small areas are scored separately: do not compare these ranks with the council's.",
        style="dim",
    )


def _show_one(console: Console, area: dict[str, Any], domains: list[dict[str, Any]], england: int) -> None:
    console.print(area["small_area_title"], style="bold")
    ranks = {
        domain["index_title"]: f"rank {domain['need_rank']:,} of {england:,} (tenth {domain['need_decile']})"
        for domain in domains
    }
    facts = {"Code": area["small_area_code"], "Ward": area["ward_name"], **ranks}
    show_card(console, {**facts, "What drives it": area["raises_need"]})


def _show_list(console: Console, rows: list[dict[str, Any]]) -> None:
    columns = {"Rank": "right", "Small area": "left", "Ward": "left", "Tenth": "right", "What drives it": "left"}
    console.print(
        table_of(
            columns,
            [
                [
                    f"{r['need_rank']:,}",
                    r["small_area_title"],
                    r["ward_name"],
                    str(r["need_decile"]),
                    r["raises_need"] or "",
                ]
                for r in rows
            ],
        )
    )
