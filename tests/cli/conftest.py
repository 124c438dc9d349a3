"""Fixtures for tests of commands: run one on the publication, and plain SQL to compare with."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner, Result

from missions import cli
from missions.publication.folder import DATABASE
from tests.support.commands import Ask, Marts


@pytest.fixture
def ask(publication: Path) -> Ask:
    """Run a command in this process on the publication, in a terminal of 80 columns or another width."""

    def run(*words: str, columns: int = 80) -> Result:
        return CliRunner().invoke(cli.app, ["--published", str(publication), *words], env={"COLUMNS": str(columns)})

    return run


@pytest.fixture
def marts(publication: Path) -> Marts:
    """Run plain SQL on the published database, to compare with."""

    def query(text: str, *values: str) -> list[tuple[Any, ...]]:
        # Closed each time: within one process our settings would conflict with the command's locked ones.
        with duckdb.connect(str(publication / DATABASE), read_only=True) as connection:
            return connection.execute(f"USE marts; {text}", values or None).fetchall()

    return query
