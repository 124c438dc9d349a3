"""The command report: the page of a council or a combined authority as a PDF.

Belongs here: options, help and messages. missions.site makes the page when the index is built.
"""

from pathlib import Path
from typing import Annotated

import duckdb
import typer

from missions.cli.app import Council, command, open_published, site_of, tell
from missions.errors import MissionsError, UsageError
from missions.reading.name_keys import COUNCIL
from missions.reading.queries import ask

AREA = "combined_authority"


@command
def report(
    ctx: typer.Context,
    words: Council,
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="PDF file to write.", show_default="the name of the place")
    ] = None,
) -> None:
    """Save the page of a council or a combined authority as a PDF, using Chromium, Chrome or Edge on this machine."""
    from missions.site.report import print_page

    site = site_of(ctx)
    with open_published(ctx) as connection:
        name, address = _page_of(connection, " ".join(words))
    pdf = out or Path(Path(address).with_suffix(".pdf").name)
    if not pdf.parent.is_dir():
        raise UsageError(f"Cannot write {pdf.name}: the folder {pdf.parent} does not exist.")
    page = site / address
    if not page.is_file():
        raise MissionsError(f"The site has no page {page}; run `make index` to rebuild it.")
    print_page(page, pdf)
    typer.echo(f"{name}: {pdf}")


def _page_of(connection: duckdb.DuckDBPyConnection, text: str) -> tuple[str, str]:
    """The name and the page of a council or, if no council is called that, of a combined authority."""
    from missions.reading.lookup import Gazetteer, find_authority
    from missions.site.data import add_pages, slug

    kinds = {name.place.kind: name.place.name for name in Gazetteer(connection).places.called(text)}
    if AREA in kinds and COUNCIL not in kinds:
        return kinds[AREA], f"combined-authority/{slug(kinds[AREA])}.html"
    found = find_authority(connection, text)
    tell(*found.notes)
    authorities = ask(connection, "FROM dim_authority ORDER BY authority_name, authority_code").records
    add_pages(authorities)
    (authority,) = [authority for authority in authorities if authority["authority_code"] == found.code]
    return str(authority["authority_name"]), str(authority["page"])
