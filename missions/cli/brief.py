"""The command brief: what the index says about one council, in a few sentences.

Belongs here: options, help and how the sentences are laid out. What they say is in reading/sentences.
"""

import json

import typer

from missions.cli.app import Council, Json, command, open_published, tell
from missions.cli.printing import new_console
from missions.reading.cells import plain


@command
def brief(ctx: typer.Context, words: Council, as_json: Json = False) -> None:
    """Show a council in brief: its place, what drives it, what has changed, and what cannot be said."""
    from missions.reading.brief import brief_of

    with open_published(ctx) as connection:
        found = brief_of(connection, " ".join(words))
    tell(*found.notes)
    if as_json:
        typer.echo(json.dumps(plain(found.records), ensure_ascii=False, indent=2))
        return
    console = new_console()
    console.print(found.authority["authority_name"], style="bold")
    for sentence in found.sentences:
        console.print()
        console.print(sentence.text, soft_wrap=not console.is_terminal)  # a pipe gets one line per paragraph
