"""The same models on Apache Spark: no SQL that only one engine understands, and the same tables on both.

The second part needs Java and the extra `[spark]` and builds the whole project on Spark; without them it is skipped.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from dbt.cli.main import dbtRunnerResult

from orchestration.notices import step_problem
from tests.conftest import ROOT
from tests.support.spark_tables import differences

PROJECT = ROOT / "dbt_project"
MACRO = re.compile(r"{%-?\s*macro (\w+)\(.*?{%-?\s*endmacro\s*-?%}", re.DOTALL)
DISPATCHED = re.compile(r"adapter\.dispatch\('(\w+)'\)")
# What only DuckDB understands, or understands in its own way, each with what to write instead.
DUCKDB_ONLY = {
    r"::\s*\w": "cast(… as …)",
    r"\bqualify\b": "first_row_of_each()",
    r"\bexclude\s*\(": "the columns by name",
    r"\bcolumns\s*\(": "the columns by name",
    r"\b(distinct on|asof|positional) ": "a window",
    r"\b(unnest|generate_series|range)\s*\(": "numbers() or side_by_side()",
    r"\b(list|array)(_\w+)?\s*\(": "a macro of arrays.sql or matrix.sql",
    r"\blambda\b|->": "a macro with a twin for each engine",
    r"\b(struct_pack|row|map)\s*\(": "columns",
    r"\b(string_agg|group_concat)\s*\(": "dbt.listagg()",
    r"\b(arg_max|arg_min|first|last|any_value|mode)\s*\(": "first_row_of_each()",
    r"\b(favg|fsum|sumkahan|kahan_sum)\s*\(": "precise_mean()",
    r"\bquantile\w*\s*\(": "the macro quantile()",
    r"\b(date_diff|datediff|date_part|date_trunc|to_\w+s|strftime|strptime|epoch\w*)\s*\(": "a macro for dates",
    r"\binterval\b": "a macro for dates",
    r"\b(isfinite|isinf)\s*\(": "is_finite()",
    r"\bjson\w*\s*\(": "json_number()",
    r"\bregexp_\w+\s*\(": "like",
    r"\b(hash|md5_number|random|setseed)\s*\(": "the macros of random.sql",
    r"\berror\s*\(": "a macro with a twin for each engine",
    # Each engine has these, but they do not say the same on both.
    r"\blog\s*\(": "ln(): log() has the base 10 on DuckDB, e on Spark",
    r"\bconcat(_ws)?\s*\(": "||: concat() passes over nulls on DuckDB only",
    r"\bas (varchar|text|string|real|float|hugeint|decimal|numeric)\b": "dbt.type_string(), double or bigint",
    r"\b\d+\.\d+(?!e)\s*[*/]|[*/]\s*\d+\.\d+\b(?!e)": "1e2, 5e-1: with a point it is a decimal, of few digits on Spark",
    r"//|\*\*": "floor(), power()",
    r"\]\s*\[|\w\[": "a macro of arrays.sql",
    r'"': "names that need no quotation marks",
}


def sql_of(text: str) -> str:
    """What reaches an engine: no comments, no quoted texts, nothing that Jinja evaluates by itself."""
    text = re.sub(r"{#.*?#}|{%.*?%}", "", text, flags=re.DOTALL)
    text = re.sub(r"{{.*?}}", lambda found: " ".join(re.findall(r"'(.*?)'", found[0])), text, flags=re.DOTALL)
    return re.sub(r"--[^\n]*|'[^'\n]*'", "", text)


def portable_files() -> dict[str, str]:
    """All that both engines run: models, tests, and the macros that are not for one engine only."""
    found = {}
    for folder in ("models", "tests", "macros"):
        for path in sorted((PROJECT / folder).rglob("*.sql")):
            text = path.read_text(encoding="utf-8")
            if folder == "macros":
                text = MACRO.sub(lambda macro: "" if macro[1].startswith(("duckdb__", "spark__")) else macro[0], text)
            found[str(path.relative_to(PROJECT))] = sql_of(text)
    return found


def duckdb_only(text: str) -> list[str]:
    return [
        f"{found[0]!r}: write {instead}"
        for pattern, instead in DUCKDB_ONLY.items()
        for found in re.finditer(pattern, text, re.IGNORECASE)
    ]


def test_models_are_written_for_both_engines() -> None:
    faults = [f"{name}: {fault}" for name, text in portable_files().items() for fault in duckdb_only(text)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "sql",
    [
        "select value::double from a",
        "select * from a qualify row_number() over () = 1",
        "select * exclude (value) from a",
        "select list_sum(value) from a",
        "select unnest(value) from a",
        "select string_agg(name, ',') from a",
        "select favg(value) from a",
        "select quantile_cont(value, 0.5) from a",
        "select period + interval 1 year from a",
        "select log(value) from a",
        "select concat(name, code) from a",
        "select cast(value as varchar) from a",
        "select 100.0 * value from a",
        "select value / 12.0 from a",
        "select value[1] from a",
        "select {{ need_rank('value::double') }} from a",
        "select list_transform(value, x -> x + 1) from a",
    ],
)
def test_what_only_one_engine_understands_is_found(sql: str) -> None:
    assert duckdb_only(sql_of(sql))


def test_what_both_understand_passes() -> None:
    assert not duckdb_only(
        sql_of(
            "-- a::b in a comment\n{# list_sum(x) #}{% set x = [1] %}select 'a::b' as name, 1e2 * value,\n"
            "    {{ dbt.type_string() }}, sum(value) filter (where value > 0.5), median(value) from a group by all"
        )
    )


def macros() -> dict[str, str]:
    return {
        found[1]: found[0]
        for path in sorted((PROJECT / "macros").glob("*.sql"))
        for found in MACRO.finditer(path.read_text(encoding="utf-8"))
    }


def without_twin(found: dict[str, str]) -> list[str]:
    """Names of dispatched macros without a version for one of the engines, and of versions that nothing dispatches."""
    dispatched = {name for text in found.values() for name in DISPATCHED.findall(text)}
    twins = {engine: {name.removeprefix(engine) for name in found if name.startswith(engine)} for engine in ENGINES}
    missing = [f"{engine}{name}" for engine in ENGINES for name in sorted(dispatched - twins[engine])]
    # Some of Spark's replace dbt's own, and some are parts of others.
    called = {name for text in found.values() for name in re.findall(r"{{ (?:duckdb|spark)__(\w+)\(", text)}
    stray = sorted((twins["duckdb__"] | twins["spark__"]) - dispatched - called - OF_DBT)
    return [*missing, *stray]


ENGINES = ("duckdb__", "spark__")
OF_DBT = {"cast", "listagg"}


def test_every_dispatched_macro_has_a_form_for_each_engine() -> None:
    found = macros()
    assert not without_twin(found)
    dispatched = {name for text in found.values() for name in DISPATCHED.findall(text)}
    page = (ROOT / "docs/scale.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert sorted(listed) == sorted(dispatched | OF_DBT), "docs/scale.md lists the macros with a form for each engine"


def test_a_macro_without_its_form_for_spark_is_found() -> None:
    found = macros()
    del found["spark__first_row_of_each"]
    assert without_twin(found) == ["spark__first_row_of_each"]


def test_locks_agree() -> None:
    """Spark is installed beside the rest: packages in both locks have the same version."""
    pins = [
        dict(re.findall(r"^([\w.-]+)(?:\[\w+\])?==([^ ;\\]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))
        for name in ("requirements.txt", "requirements-spark.txt")
    ]
    assert "pyspark" in pins[1]
    shared = pins[0].keys() & pins[1].keys()
    assert {name: pins[0][name] for name in shared} == {name: pins[1][name] for name in shared}
    assert "://" not in (ROOT / "requirements-spark.txt").read_text(encoding="utf-8")


def run_on_spark(monkeypatch: pytest.MonkeyPatch, has_spark: bool) -> tuple[dg.ExecuteInProcessResult, list[str]]:
    """A run of one model and the publication with the target spark, and the arguments dbt would have had."""
    from orchestration import dbt
    from orchestration.definitions import defs

    asked: list[str] = []

    def invoke(arguments: Sequence[str], callbacks: Sequence[object]) -> dbtRunnerResult:
        asked.extend(arguments)
        return dbtRunnerResult(success=True)

    monkeypatch.setattr(dbt, "invoke_dbt", invoke)
    monkeypatch.setattr(dbt, "find_spec", lambda name: name if has_spark else None)
    with dg.DagsterInstance.ephemeral() as instance:
        result = defs.resolve_job_def("index").execute_in_process(
            instance=instance,
            raise_on_error=False,
            asset_selection=[dg.AssetKey(["marts", "dim_mission"]), dg.AssetKey("publication")],
            run_config={
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                "ops": {"warehouse_models": {"config": {"target": "spark"}}},
            },
        )
    return result, asked


def test_a_run_on_spark_ends_with_the_models(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result, asked = run_on_spark(monkeypatch, has_spark=True)
    assert result.success
    assert asked[asked.index("--target") + 1] == "spark"
    assert asked[asked.index("--target-path") + 1] == str(home / "build/spark/target")
    assert [event.step_key for event in result.all_events if event.is_step_skipped] == ["publication"]
    assert not [event for event in result.all_events if event.is_step_materialization]


def test_a_run_on_spark_without_spark_says_what_to_do(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result, asked = run_on_spark(monkeypatch, has_spark=False)
    assert not result.success and not asked
    [problem] = [step_problem(event) for event in result.all_events if event.is_step_failure]
    assert "make spark" in problem


needs_spark = pytest.mark.skipif(
    not find_spec("pyspark") or not shutil.which("java"),
    reason="Spark needs Java 17 and the extra [spark]: `make spark` says what is missing",
)


# A tenth of the draws, on both engines: on Spark each takes long, and each is made in the same way.
FEWER_DRAWS = ("--vars", "{uncertainty_draws: 100, sensitivity_base_draws: 10}")


@pytest.fixture(scope="session")
def builds(database: Path, home: Path) -> tuple[Path, Path]:
    """DuckDB's build file and the folder of Spark's tables, made from the same Parquet files with fewer draws."""
    del database  # it is there
    warehouse = home / "build/fewer/warehouse.duckdb"  # of the same name: its views remember that
    warehouse.parent.mkdir()
    shutil.copy2(home / "build/warehouse.duckdb", warehouse)
    for command in (
        ("run", "--select", "int_draws+"),
        ("build", "--target", "spark", "--exclude-resource-type", "unit_test"),
    ):
        result = subprocess.run(
            [
                str(Path(sys.executable).parent / "dbt"),
                *(*command, *FEWER_DRAWS, "--profiles-dir", "."),
                *("--target-path", str(home / "build/fewer/target"), "--log-path", str(home / "build/fewer/logs")),
            ],
            cwd=home / "dbt_project",
            env={**os.environ, "MISSIONS_BUILD": str(home / "build"), "MISSIONS_WAREHOUSE": str(warehouse)},
            capture_output=True,
            text=True,
            timeout=1500,
        )
        assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-2000:]
    return warehouse, home / "build/spark"


@pytest.mark.slow
@needs_spark
def test_every_table_is_the_same_on_both_engines(builds: tuple[Path, Path]) -> None:
    """Each model of the layers intermediate and marts, cell by cell."""
    warehouse, spark = builds
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        tables = connection.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() "
            "WHERE schema_name IN ('intermediate', 'marts') AND table_name != 'publication_change' ORDER BY ALL"
        ).fetchall()
    assert len(tables) == len(
        [*(PROJECT / "models/intermediate").rglob("*.sql"), *(PROJECT / "models/marts").rglob("*.sql")]
    )
    found = [fault for (table,) in tables for fault in differences(warehouse, spark, table)]
    assert not found, "\n".join(found)


@needs_spark
@pytest.mark.slow
def test_a_table_that_differs_is_found(builds: tuple[Path, Path], tmp_path: Path) -> None:
    warehouse, spark = builds
    damaged = tmp_path / "warehouse.duckdb"
    shutil.copy2(warehouse, damaged)
    with duckdb.connect(str(damaged)) as connection:
        connection.execute("UPDATE marts.composite_index SET need_z = need_z + 1e-8 WHERE need_rank = 3")
        connection.execute("UPDATE marts.mission_index SET need_rank = 400 WHERE authority_code = 'E06000001'")
        connection.execute("UPDATE marts.dim_mission SET mission_name = mission_name || '.'")
    assert any("need_z: 1 cells differ" in fault for fault in differences(damaged, spark, "marts.composite_index"))
    assert any("5 rows are on Spark alone" in fault for fault in differences(damaged, spark, "marts.mission_index"))
    assert any("5 rows are on DuckDB alone" in fault for fault in differences(damaged, spark, "marts.dim_mission"))
    assert not differences(damaged, spark, "marts.dim_authority")
