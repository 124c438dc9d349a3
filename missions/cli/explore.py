"""The commands that show the site: explore serves and opens it, report prints a council's page.

Belongs here: their words and messages. The site is made by missions.site when the index is built.
"""

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from missions.cli.app import LOOK_UP, app
from missions.errors import MissionsError, ReportError, UsageError
from missions.publication.folder import SITE
from missions.reading.names import find_authority
from missions.reading.queries import ask, open_published

HOST = "127.0.0.1"  # this machine only
PORT = 8317


@app.command(rich_help_panel=LOOK_UP)
def explore(
    ctx: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to serve on; 0 takes any that is free.")] = PORT,
    browser: Annotated[bool, typer.Option(help="Open the site in the browser.")] = True,
) -> None:
    """Serve the site on this machine and open it. It also opens from disk, without this command."""
    from missions.site.serve import server_of

    site = _site(ctx)
    try:
        server = server_of(site, HOST, port)
    except OSError as error:
        raise MissionsError(f"cannot serve on port {port}: {error.strerror}; choose another with --port") from None
    address = f"http://{HOST}:{server.server_port}/"
    with server:
        typer.echo(f"{address}\nStop with Ctrl+C. From disk: {site / 'index.html'}")
        if browser:
            import webbrowser

            webbrowser.open(address)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


@app.command(rich_help_panel=LOOK_UP)
def report(
    ctx: typer.Context,
    words: Annotated[
        list[str], typer.Argument(metavar="NAME-OR-CODE", help="A council's name or code, of today or before.")
    ],
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="The PDF to write.", show_default="the council's name")
    ] = None,
) -> None:
    """Print a council's profile as a PDF of two A4 pages, with the Chromium, Chrome or Edge of this machine."""
    from missions.site.data import add_pages
    from missions.site.report import print_page

    site = _site(ctx)
    with open_published(ctx) as connection:
        code = find_authority(connection, " ".join(words))
        authorities = ask(connection, "FROM dim_authority ORDER BY authority_name, authority_code").records
    add_pages(authorities)
    (authority,) = [authority for authority in authorities if authority["authority_code"] == code]
    pdf = out or Path(f"{authority['slug']}.pdf")
    if not pdf.parent.is_dir():
        raise UsageError(f"there is no folder {pdf.parent} to write {pdf.name} into")
    page = site / authority["page"]
    if not page.is_file():
        raise MissionsError(f"the site has no page {page}; run `make index` to make it anew")
    try:
        print_page(page, pdf)
    except ReportError as error:
        raise MissionsError(str(error)) from error
    typer.echo(f"{authority['authority_name']}: {pdf}")


def _site(ctx: typer.Context) -> Path:
    site = Path(ctx.obj) / SITE
    if not (site / "index.html").is_file():
        raise MissionsError(f"there is no site yet; run `make index` (there is no {site / 'index.html'})")
    return site
