"""`python -m orchestration.cli` is the `missions` command."""

from orchestration.cli import app

app(prog_name="missions")
