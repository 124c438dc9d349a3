"""The command itself: its options, its list of commands, and how every failure that can be expected is told.

Belongs here: what all commands share. Each command is a module beside this one.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import duckdb
import typer
from typer.core import TyperGroup

from missions.errors import MissionsError
from missions.paths import PUBLISHED
from missions.publication.folder import DATABASE, SITE
from missions.reading.queries import open_database

Function = TypeVar("Function", bound=Callable[..., Any])

# The commands as `missions --help` groups and lists them, by what people do with them most.
COMMANDS = {
    "Look up": ("rank", "profile", "indicator", "sources", "sql", "explore", "report"),
    "Explain, compare, follow over time": ("explain", "compare", "trend", "history", "diff"),
    "Other weights, other methods, other data": ("what-if", "score"),
    "Build and keep current": ("build", "refresh", "editions", "snapshot", "load"),
}


class _Commands(TyperGroup):
    """The commands, with every failure that can be expected told in plain words."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for names in COMMANDS.values() for name in names]

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # The reader has seen enough, as in `missions rank --csv | head`; typer knows what to do.
            raise
        except MissionsError as problem:
            tell(str(problem))
            raise typer.Exit(problem.exit_code) from None
        except (duckdb.Error, OSError) as error:
            lacks = isinstance(error, duckdb.CatalogException | duckdb.BinderException)
            if lacks and ctx.invoked_subcommand != "sql":
                tell(
                    f"the publication is of another version, without what `missions {ctx.invoked_subcommand}` reads; "
                    f"`make index` makes it anew ({str(error).splitlines()[0]})"
                )
            else:
                tell(str(error))
            raise typer.Exit(1) from None
        except Exception as error:
            # What the command line itself raises, as for a wrong option, it also tells.
            if hasattr(error, "exit_code") or isinstance(error, typer.Abort) or os.environ.get("MISSIONS_DEBUG"):
                raise
            tell(
                f"This should not have happened ({type(error).__name__}: {error}). Please report it, with what "
                "MISSIONS_DEBUG=1 before the command shows."
            )
            raise typer.Exit(1) from None


app = typer.Typer(cls=_Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Council = Annotated[
    list[str], typer.Argument(metavar="NAME-OR-CODE", help="A council's name or code, of today or before.")
]
TopEachWay = Annotated[
    int, typer.Option("--top", min=1, help="How many indicators to show each way; --json and --csv have all.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, numbers in full.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print CSV, numbers in full.")]


def command(function: Function) -> Function:
    """Make a function the command of its name."""
    name = function.__name__.replace("_", "-")
    (panel,) = (panel for panel, names in COMMANDS.items() if name in names)
    return app.command(name, rich_help_panel=panel)(function)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("missions-index"))
        raise typer.Exit


@app.callback()
def main(
    ctx: typer.Context,
    published: Annotated[
        Path,
        typer.Option(envvar="MISSIONS_PUBLISHED", help="The folder of the publication to read.", show_default=False),
    ] = PUBLISHED,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Need in the 317 councils of England under the Government's missions: build the index, and ask it."""
    ctx.obj = published


def open_published(ctx: typer.Context) -> duckdb.DuckDBPyConnection:
    """The database of the publication that the command reads."""
    return open_database(ctx.obj / DATABASE)


def site_of(ctx: typer.Context) -> Path:
    """The folder of its site."""
    site = Path(ctx.obj) / SITE
    if not (site / "index.html").is_file():
        raise MissionsError(f"there is no site yet; run `make index` (there is no {site / 'index.html'})")
    return site


def tell(*messages: str) -> None:
    """Say something beside the answer: on stderr, a line each."""
    for message in messages:
        typer.echo(message, err=True)
