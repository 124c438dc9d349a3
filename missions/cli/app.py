"""The command itself: global options, the list of commands, and how failures are reported.

Belongs here: what all commands share. Each command has its own module here.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import duckdb
import typer
from typer.core import TyperGroup

from missions.errors import MissionsError, OtherVersionError
from missions.paths import PUBLISHED
from missions.publication.folder import DATABASE, SITE
from missions.reading.queries import open_database

Function = TypeVar("Function", bound=Callable[..., Any])

# The commands as `missions --help` groups and lists them, most used first.
COMMANDS = {
    "Look up": ("rank", "brief", "profile", "small-areas", "indicator", "sources", "sql", "explore", "report", "chart"),
    "Explain, compare and track": ("explain", "compare", "trend", "history", "diff"),
    "Try other weights, methods, areas or data": ("what-if", "score", "regroup"),
    "Build and update": ("build", "refresh", "editions", "snapshot", "load"),
}


class _Commands(TyperGroup):
    """The commands, in their order, with failures reported in plain words."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for names in COMMANDS.values() for name in names]

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # The reader has closed the pipe, as in `missions rank --csv | head`; typer handles it.
            raise
        except OtherVersionError as problem:
            tell(str(OtherVersionError(problem.lacking, f"`missions {ctx.invoked_subcommand}`")))
            raise typer.Exit(problem.exit_code) from None
        except MissionsError as problem:
            tell(str(problem))
            raise typer.Exit(problem.exit_code) from None
        except OSError as error:
            tell(str(error))
            raise typer.Exit(1) from None
        except ModuleNotFoundError as error:
            if os.environ.get("MISSIONS_DEBUG"):
                raise
            tell(
                f"`missions {ctx.invoked_subcommand}` needs packages that reading and scoring do not ({error}). Run it "
                "in a clone after `make index`, or install the package with its extra: pip install '.[build]'."
            )
            raise typer.Exit(1) from None
        except Exception as error:
            if isinstance(error, duckdb.Error) and ctx.invoked_subcommand == "sql":
                tell(str(error))  # what is wrong with SQL of the user's own is DuckDB's to explain
                raise typer.Exit(1) from None
            # Typer reports its own errors, such as an unknown option.
            if hasattr(error, "exit_code") or isinstance(error, typer.Abort) or os.environ.get("MISSIONS_DEBUG"):
                raise
            tell(
                f"Unexpected error ({type(error).__name__}: {error}). Please report it, with the output of the same "
                "command run with MISSIONS_DEBUG=1."
            )
            raise typer.Exit(1) from None


app = typer.Typer(cls=_Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Council = Annotated[
    list[str], typer.Argument(metavar="NAME-OR-CODE", help="A council's name or code, current or former.")
]
TopEachWay = Annotated[
    int, typer.Option("--top", min=1, help="Indicators to show in each direction; --json and --csv include all.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON with unrounded numbers.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print CSV with unrounded numbers.")]


def command(function: Function) -> Function:
    """Register a function as the command of the same name."""
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
        typer.Option(envvar="MISSIONS_PUBLISHED", help="The publication folder to read.", show_default=False),
    ] = PUBLISHED,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Need in the 317 councils of England under the Government's missions: build and query the index."""
    ctx.obj = published


def open_published(ctx: typer.Context) -> duckdb.DuckDBPyConnection:
    """Open the publication that --published names."""
    return open_database(ctx.obj / DATABASE)


def site_of(ctx: typer.Context) -> Path:
    """The folder of that publication's site. Raises MissionsError if there is none."""
    site = Path(ctx.obj) / SITE
    if not (site / "index.html").is_file():
        raise MissionsError(f"There is no site yet; run `make index` ({site / 'index.html'} does not exist)")
    return site


def tell(*messages: str) -> None:
    """Print messages on stderr, apart from the answer: one per line."""
    for message in messages:
        typer.echo(message, err=True)
