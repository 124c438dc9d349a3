"""The command sources: the sources of the figures, and their files.

Belongs here: options, help and what is shown of the answer.
"""

from typing import Annotated, Any

import typer
from rich.console import Console

from missions.cli.app import Csv, Json, command, open_published
from missions.cli.printing import new_console, printed_as_data, show_card
from missions.reading.wording import day_words, in_words, publisher_words


@command
def sources(
    ctx: typer.Context,
    source_id: Annotated[str | None, typer.Argument(help="Show every file of this source.", show_default=False)] = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List the sources, or one source's files with their checksums."""
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
                f"retrieved {_snapshot(record)}"
            )


def _show_file(console: Console, file: dict[str, Any]) -> None:
    console.print(file["path"], style="bold")
    show_card(
        console,
        {
            "Publisher": publisher_words(file["publisher"]),
            "Dataset": file["dataset"],
            "Page": file["landing_page"],
            "Licence": file["licence"],
            "Retrieved": _snapshot(file),
            "Distributor": file["distributor"],
            "Distributor path": file["distributor_path"],
            "Commit": file["distributor_commit"],
            "SHA-256": file["sha256"],
            "Bytes": f"{file['bytes']:,}",
            "Areas": f"{in_words(file['geography_level'])}; codes: {in_words(file['code_vintage'])}",
            "Seed": f"seeds/{file['seed_path']}",
            "Caveat": file["caveat"],
        },
    )


def _snapshot(record: dict[str, Any]) -> str:
    updates = "automatic" if record["is_refreshable"] else "manual"
    return f"{day_words(record['snapshot_date'])}; updates: {updates}"
