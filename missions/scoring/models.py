"""The SQL of the method's models: dbt's files rendered with Jinja, exactly as dbt compiles them, without dbt.

Belongs here: where the files are, and the few dbt functions that they use. No formula is written in Python.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined

# A wheel includes the files it needs (setup.py); a checkout has the dbt project itself.
_PACKED = Path(__file__).with_name("_sql")
_PROJECT = _PACKED if _PACKED.is_dir() else Path(__file__).resolve().parents[2] / "dbt_project"
# The SQL type of a text, by adapter.
_TEXT = {"duckdb": "TEXT", "spark": "string"}


@cache
def model_sql(model: str, adapter: str = "duckdb") -> str:
    """The query of a model, which reads tables named after the models it depends on.

    `adapter` selects the variants of the macros: duckdb or spark.
    """
    [file] = (_PROJECT / "models").rglob(f"{model}.sql")
    return _environment(adapter).from_string(file.read_text(encoding="utf-8")).render()


def rendered(sql: str) -> str:
    """SQL of our own that uses the project's macros and variables, rendered like a model."""
    return _environment("duckdb").from_string(sql).render()


@cache
def project_variables() -> dict[str, Any]:
    """The variables of the dbt project, such as the number of levels of a framework."""
    variables = yaml.safe_load((_PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    return dict(variables)


@cache
def _environment(adapter: str) -> Environment:
    """Jinja with what models may use: dbt's functions and the project's macros."""
    environment = Environment(undefined=StrictUndefined)
    macros: dict[str, Callable[..., str]] = {}
    environment.globals.update(
        {
            "ref": lambda model: model,
            "var": lambda name: project_variables()[name],
            "return": lambda value: value,
            "dbt": {"type_string": lambda: _TEXT[adapter]},
            "adapter": {"dispatch": lambda macro: macros[f"{adapter}__{macro}"]},
        }
    )
    files = sorted((_PROJECT / "macros").rglob("*.sql"))
    # One template, so that each macro can call all the others.
    together = environment.from_string("\n".join(file.read_text(encoding="utf-8") for file in files))
    macros.update(vars(together.module))
    environment.globals.update(macros)
    return environment
