"""Rules for files: one per command, an opening sentence in each, nothing too long, one macro file for Spark.

Belongs here: rules about files. The direction of imports is in pyproject.toml, for import-linter.
"""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from missions.cli import app
from tests.conftest import ROOT

MODULE, TEST, FUNCTION = 400, 600, 60  # the maximum number of lines


def tracked(*patterns: str) -> list[Path]:
    """The matching files of the repository, without empty ones."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [path for name in sorted(listed) if (path := ROOT / name).is_file() and path.stat().st_size]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def opening(path: Path) -> str:
    """The first paragraph of a file's docstring, or of the comment at its start."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        comment = ast.get_docstring(ast.parse(text)) or ""
    elif dashes := re.match(r"(--[^\n]*\n)+", text):
        comment = re.sub(r"^-- ?", "", dashes[0], flags=re.MULTILINE)
    else:
        hashes = re.match(r"\{#-?(.*?)-?#\}", text, re.DOTALL)
        comment = hashes[1] if hashes else ""
    return " ".join(comment.partition("\n\n")[0].split())


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function of a module, with its number of lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield node.name, node.end_lineno - node.lineno + 1


def test_each_command_has_the_file_of_its_name() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    homes = {name: command.callback.__module__ for name, command in commands.items()}
    assert homes == {name: f"missions.cli.{name.replace('-', '_')}" for name in commands}


@pytest.mark.parametrize("pattern", ["*.py", "dbt_project/*.sql", "missions/site/templates/*"])
def test_each_file_opens_with_what_it_holds(pattern: str) -> None:
    files = tracked(pattern)
    silent = [named(path) for path in files if not re.match(r"(\S+ ){2,}\S+[.:]( |$)", opening(path))]
    assert files and not silent, "\n".join(silent)


def test_no_module_and_no_function_is_too_long() -> None:
    modules, tests = tracked("missions/*.py", "orchestration/*.py"), tracked("tests/*.py")
    long = [named(path) for most, files in ((MODULE, modules), (TEST, tests)) for path in files if lines(path) > most]
    long += [f"{named(path)}: {name}" for path in modules for name, length in functions(path) if length > FUNCTION]
    assert not long, "\n".join(long)


def test_what_only_spark_needs_is_in_one_macro_file() -> None:
    files = [named(path) for path in tracked("dbt_project/*.sql") if "spark__" in path.read_text(encoding="utf-8")]
    assert len(files) == 1, "\n".join(files)
