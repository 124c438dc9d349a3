"""Run a command and read its output, for comparison with the marts."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

from typer.testing import CliRunner, Result

from missions import cli

Ask = Callable[..., Result]
Marts = Callable[..., list[tuple[Any, ...]]]


def run(*words: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(cli.app, words)


def records(result: Result) -> Any:
    """Parse what a command printed as JSON."""
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def table(result: Result) -> list[list[str]]:
    """Parse what a command printed as CSV, heading first."""
    assert result.exit_code == 0, result.stderr
    return list(csv.reader(io.StringIO(result.stdout)))


def column(result: Result, name: str) -> list[Any]:
    return [record[name] for record in records(result)]
