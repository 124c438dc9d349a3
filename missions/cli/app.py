"""The command itself: its options, and how every failure that can be expected is told.

Belongs here: what all commands share. Each family of commands is a module beside this one.
"""

import os
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer
from typer.core import TyperGroup

from missions.errors import MissionsError, PublicationError
from missions.paths import PUBLISHED


class _Commands(TyperGroup):
    """The commands, with every failure that can be expected told in plain words."""

    def list_commands(self, ctx: Any) -> list[str]:
        panels = {name: getattr(command, "rich_help_panel", BUILD) for name, command in self.commands.items()}
        return sorted(panels, key=lambda name: _PANELS.index(panels[name]))

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # The reader has seen enough, as in `missions rank --csv | head`; typer knows what to do.
            raise
        except MissionsError as problem:
            tell(str(problem))
            raise typer.Exit(problem.exit_code) from None
        except (duckdb.Error, PublicationError, OSError) as error:
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

# How `missions --help` groups the commands, in this order.
LOOK_UP = "Look up"
EXPLAIN = "Explain, compare, follow over time"
OTHERWISE = "Other weights, other methods, other data"
BUILD = "Build and keep current"
_PANELS = [LOOK_UP, EXPLAIN, OTHERWISE, BUILD]

Json = Annotated[bool, typer.Option("--json", help="Print JSON, numbers in full.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print CSV, numbers in full.")]


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


def tell(message: str) -> None:
    typer.echo(message, err=True)
