"""The command report: a council's page as a PDF.

Belongs here: options, help and messages. missions.site makes the page when the index is built.
"""

from pathlib import Path
from typing import Annotated

import typer

from missions.cli.app import Council, command, open_published, site_of, tell
from missions.errors import MissionsError, UsageError
from missions.reading.queries import ask


@command
def report(
    ctx: typer.Context,
    words: Council,
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="PDF file to write.", show_default="the council's name")
    ] = None,
) -> None:
    """Save a council's page as a two-page A4 PDF, using Chromium, Chrome or Edge on this machine."""
    from missions.reading.lookup import find_authority
    from missions.site.data import add_pages
    from missions.site.report import print_page

    site = site_of(ctx)
    with open_published(ctx) as connection:
        found = find_authority(connection, " ".join(words))
        authorities = ask(connection, "FROM dim_authority ORDER BY authority_name, authority_code").records
    tell(*found.notes)
    add_pages(authorities)
    (authority,) = [authority for authority in authorities if authority["authority_code"] == found.code]
    pdf = out or Path(f"{authority['slug']}.pdf")
    if not pdf.parent.is_dir():
        raise UsageError(f"Cannot write {pdf.name}: the folder {pdf.parent} does not exist.")
    page = site / authority["page"]
    if not page.is_file():
        raise MissionsError(f"The site has no page {page}; run `make index` to rebuild it.")
    print_page(page, pdf)
    typer.echo(f"{authority['authority_name']}: {pdf}")
