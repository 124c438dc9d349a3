"""The command rank: councils by need.

Belongs here: what people type, and what of the answer is shown.
"""

from typing import Annotated

import typer

from missions.cli.app import Csv, Json, command, open_published, tell
from missions.cli.printing import printed_as_data, show_ranks
from missions.errors import UsageError
from missions.reading.queries import Rows, ask


@command
def rank(
    ctx: typer.Context,
    mission: Annotated[str | None, typer.Option(help="Rank by this mission, not by all together.")] = None,
    region: Annotated[str | None, typer.Option(help="Only councils of this region.")] = None,
    type_: Annotated[str | None, typer.Option("--type", help="Only councils of this type.")] = None,
    neighbours_of: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this council and its statistical neighbours.")
    ] = None,
    peers: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL", help="Neighbours under this model: open, ons, ons_economic, ons_demographic or dfe."
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many to list.")] = 20,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List the councils with the greatest need. Ranks are among all councils, whatever the list is cut down to."""
    from missions.reading.rank import ranking

    if peers and not neighbours_of:
        raise UsageError("--peers says whose neighbours; name the council with --neighbours-of")
    with open_published(ctx) as connection:
        found = ranking(
            connection, mission=mission, region=region, authority_type=type_, neighbours_of=neighbours_of, peers=peers
        )
        (councils,) = ask(connection, "SELECT count(*) FROM composite_index").values[0]
    tell(*found.notes)
    shown = Rows(found.councils.columns, found.councils.values[:top])
    if printed_as_data(shown, as_json, as_csv):
        return
    matching = len(found.councils.values)
    of_matching = f" of the {matching} that match," if len(shown.values) < matching < councils else ""
    title = f"{', '.join(found.chosen_by)}: {len(shown.values)}{of_matching} of {councils} councils"
    show_ranks(shown.records, title, found.authority_code)
