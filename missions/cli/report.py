"""The command report: a council's page as a PDF.

Belongs here: its words and messages. The site is made by missions.site when the index is built.
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
        Path | None, typer.Option(dir_okay=False, help="The PDF to write.", show_default="the council's name")
    ] = None,
) -> None:
    """Print a council's profile as a PDF of two A4 pages, with the Chromium, Chrome or Edge of this machine."""
    from missions.reading.names import find_authority
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
        raise UsageError(f"there is no folder {pdf.parent} to write {pdf.name} into")
    page = site / authority["page"]
    if not page.is_file():
        raise MissionsError(f"the site has no page {page}; run `make index` to make it anew")
    print_page(page, pdf)
    typer.echo(f"{authority['authority_name']}: {pdf}")
