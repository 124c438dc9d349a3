"""Run the `missions` command as `python -m missions.cli`."""

from missions.cli import app

app(prog_name="missions")
