"""The command sources: where the figures come from.

Belongs here: what people type, and what of the answer is shown.
"""

from typing import Annotated, Any

import typer
from rich.console import Console

from missions.cli.app import Csv, Json, command, open_published
from missions.cli.printing import new_console, printed_as_data, show_card
from missions.reading.wording import day_words, publisher_words


@command
def sources(
    ctx: typer.Context,
    source_id: Annotated[str | None, typer.Argument(help="Show every file of this source.", show_default=False)] = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List the sources, or the files of one with their checksums."""
    from missions.reading.sources import sources_of

    with open_published(ctx) as connection:
        found = sources_of(connection, source_id)
    if printed_as_data(found, as_json, as_csv):
        return
    console = new_console()
    for record in found.records:
        if source_id:
            _show_file(console, record)
        else:
            console.print(record["source_id"], style="bold")
            console.print(
                f"{publisher_words(record['publisher'])}: {record['dataset']}. {record['licence']}; "
                f"snapshot of {_snapshot(record)}"
            )


def _show_file(console: Console, file: dict[str, Any]) -> None:
    console.print(file["path"], style="bold")
    show_card(
        console,
        {
            "Publisher": publisher_words(file["publisher"]),
            "Data set": file["dataset"],
            "Page": file["landing_page"],
            "Licence": file["licence"],
            "Snapshot": _snapshot(file),
            "Distributor": file["distributor"],
            "Its path": file["distributor_path"],
            "Commit": file["distributor_commit"],
            "SHA-256": file["sha256"],
            "Bytes": f"{file['bytes']:,}",
            "Areas": f"{file['geography_level']}; codes: {file['code_vintage']}",
            "Seed": f"seeds/{file['seed_path']}",
            "Caveat": file["caveat"],
        },
    )


def _snapshot(record: dict[str, Any]) -> str:
    newer = "newer editions can be fetched" if record["is_refreshable"] else "not refreshable"
    return f"{day_words(record['snapshot_date'])}; {newer}"
