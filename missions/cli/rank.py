"""The command rank: councils in order of need.

Belongs here: options, help and what is shown of the answer.
"""

from typing import Annotated

import typer

from missions.cli.app import Csv, Json, command, open_published, tell
from missions.cli.printing import printed_as_data, show_ranks
from missions.errors import UsageError
from missions.reading.queries import Rows, ask
from missions.reading.wording import PEER_WORDS


@command
def rank(
    ctx: typer.Context,
    mission: Annotated[str | None, typer.Option(help="Rank by one mission instead of all together.")] = None,
    theme: Annotated[str | None, typer.Option(help="Rank by one theme of a mission.")] = None,
    region: Annotated[str | None, typer.Option(help="Only councils in this region.")] = None,
    combined_authority: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only councils in this combined authority.")
    ] = None,
    county: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only councils in this county, with its county council.")
    ] = None,
    board: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only councils mainly in this NHS integrated care board.")
    ] = None,
    type_: Annotated[str | None, typer.Option("--type", help="Only councils of this type.")] = None,
    neighbours_of: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this council and its statistical neighbours.")
    ] = None,
    peers: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help=f"The model that defines neighbours: {', '.join(PEER_WORDS)}."),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many to list.")] = 20,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List councils, highest need first. Ranks are among all councils, even if the list is filtered."""
    from missions.reading.rank import Filters, ranking

    if peers and not neighbours_of:
        raise UsageError("--peers needs a council: name it with --neighbours-of.")
    with open_published(ctx) as connection:
        asked = Filters(
            mission=mission,
            theme=theme,
            region=region,
            combined_authority=combined_authority,
            county=county,
            board=board,
            authority_type=type_,
            neighbours_of=neighbours_of,
            peers=peers,
        )
        found = ranking(connection, asked)
        (councils,) = ask(connection, "SELECT count(*) FROM composite_index").values[0]
    tell(*found.notes)
    shown = Rows(found.councils.columns, found.councils.values[:top])
    if printed_as_data(shown, as_json, as_csv):
        return
    title = f"{', '.join(found.filters)}: {_how_many(len(shown.values), len(found.councils.values), councils)}"
    show_ranks(shown.records, title, found.authority_code)


def _how_many(shown: int, matching: int, councils: int) -> str:
    """How many councils are listed, of how many that pass the filters, of how many in all."""
    if shown == matching == councils:
        return f"all {councils} councils"
    if matching == councils:
        return f"top {shown} of {councils} councils"
    return f"{f'top {shown} of ' if shown < matching else ''}{matching} councils (ranks out of {councils})"
