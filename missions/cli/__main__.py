"""`python -m missions.cli` is the `missions` command."""

from missions.cli import app

app(prog_name="missions")
