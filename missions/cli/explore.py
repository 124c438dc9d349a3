"""The command explore: serve the site on this machine and open it.

Belongs here: options, help and messages. missions.site makes the site when the index is built.
"""

import contextlib
from typing import Annotated

import typer

from missions.cli.app import command, site_of
from missions.errors import MissionsError

HOST = "127.0.0.1"  # this machine only
PORT = 8317


@command
def explore(
    ctx: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to serve on; 0 picks a free one.")] = PORT,
    browser: Annotated[bool, typer.Option(help="Open the site in the browser.")] = True,
) -> None:
    """Serve the site on this machine and open it in the browser. It also works straight from disk."""
    from missions.site.serve import server_of

    site = site_of(ctx)
    try:
        server = server_of(site, HOST, port)
    except OSError as error:
        raise MissionsError(f"Cannot serve on port {port}: {error.strerror}. Choose another with --port.") from None
    address = f"http://{HOST}:{server.server_port}/"
    with server:
        typer.echo(f"{address}\nPress Ctrl+C to stop. To open it from disk: {site / 'index.html'}")
        if browser:
            import webbrowser

            webbrowser.open(address)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
