"""`make bench`: how long the pipeline and its parts take, as medians with spread, written into docs/PERFORMANCE.md.

Belongs here: measuring. Everything is run in processes of their own on a copy of the project, one after another: the
figures of one run of this script can be compared with each other.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
from performance_page import machine, table, write_part
from rich.console import Console
from rich.table import Table
from score_inputs import write_inputs
from uncertainty import compare

ROOT = Path(__file__).resolve().parents[1]
PIPELINE_RUNS, SHORT_RUNS, LEAST_RUNS = 3, 5, 3
# Timed before each run of the pipeline: a busy or slow machine is as slow at this.
LOOP = "sum(i*i for i in range(20_000_000))"


@dataclass
class Measurement:
    """Seconds of each run; the largest resident memory of all runs in MB, if known; the goals.

    The goals are in seconds, in MB and as a multiple of the plain Python loop.
    """

    name: str
    seconds: list[float]
    goal: float | None = None
    memory: float | None = None
    memory_goal: float | None = None
    loops_goal: float | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def verdict(self, loop: float) -> str:
        """Whether every goal is met; `loop` is what the plain Python loop takes, in seconds."""
        measured = [(self.goal, self.median), (self.memory_goal, self.memory), (self.loops_goal, self.median / loop)]
        missed = [goal for goal, found in measured if goal is not None and (found is None or found > goal)]
        return "" if self.goal is None else "missed" if missed else "met"


def timed(arguments: list[str], folder: Path) -> tuple[float, float]:
    """Wall-clock seconds and peak resident memory in MB of one process.

    A process counts this script's own size until it has started, so the memory of a small one says nothing.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        arguments,
        cwd=folder,
        env={**os.environ, "DO_NOT_TRACK": "1"},
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"{' '.join(arguments)} failed; nothing was measured")
    # Linux counts in kilobytes, macOS in bytes.
    return seconds, usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)


def measure(
    name: str, arguments: list[str], home: Path, runs: int, goal: float | None = None, memory_goal: float | None = None
) -> Measurement:
    found = [timed(arguments, home) for _ in range(runs)]
    # A small process counts as at least as large as this script, so its memory is reported only if it has a goal.
    memory = max(m for _, m in found) if memory_goal else None
    return Measurement(name, [s for s, _ in found], goal, memory, memory_goal)


def model_seconds(home: Path) -> tuple[float, float]:
    """Time of all models in one `dbt run` by dbt's clock: of their SQL statements, and of the models in full."""
    with tempfile.TemporaryDirectory() as logs:
        timed(
            [
                str(Path(sys.executable).parent / "dbt"),
                *("run", "--quiet", "--profiles-dir", "."),
                *("--log-path", logs, "--log-level-file", "debug", "--log-format-file", "json"),
            ],
            home / "dbt_project",
        )
        lines = (Path(logs) / "dbt.log").read_text(encoding="utf-8").splitlines()
    events = [event for event in map(json.loads, lines) if event["info"]["name"] == "SQLQueryStatus"]
    results = json.loads((home / "dbt_project/target/run_results.json").read_text())["results"]
    return (
        sum(e["data"]["elapsed"] for e in events if e["data"].get("node_info", {}).get("resource_type") == "model"),
        sum(result["execution_time"] for result in results),
    )


def straight_seconds(home: Path) -> float:
    """The same compiled SQL of all models, run directly in DuckDB on the same raw tables, in order of dependency."""
    nodes = json.loads((home / "dbt_project/target/manifest.json").read_text())["nodes"]
    models = {key: node for key, node in nodes.items() if node["resource_type"] == "model"}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "warehouse.duckdb"
        # The compiled SQL names the database, which DuckDB takes from the file's name.
        shutil.copy2(home / "build/warehouse.duckdb", file)
        with duckdb.connect(str(file), config={"threads": 1}) as connection:
            start = time.perf_counter()
            for key in in_order(models):
                node = models[key]
                kind = "view" if node["config"]["materialized"] == "view" else "table"
                connection.execute(
                    f'create or replace {kind} "{node["schema"]}"."{node["name"]}" as {node["compiled_code"]}'
                )
            return time.perf_counter() - start


def in_order(models: dict[str, dict]) -> list[str]:
    from graphlib import TopologicalSorter

    return list(
        TopologicalSorter(
            {k: [d for d in n["depends_on"]["nodes"] if d in models] for k, n in models.items()}
        ).static_order()
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "project"
        os.environ["MISSIONS_HOME"] = str(home)
        for name in ("seeds", "dbt_project"):
            shutil.copytree(ROOT / name, home / name, ignore=shutil.ignore_patterns("target", "logs"))
        sql, models, straight, loops = [], [], [], []
        load = os.getloadavg()[0]
        pipeline: list[tuple[float, float]] = []
        run = [sys.executable, "-c", "from orchestration.run import run_index; run_index()"]
        for _ in range(PIPELINE_RUNS):
            shutil.rmtree(home / "build", ignore_errors=True)
            loops.append(timed([sys.executable, "-c", LOOP], home)[0])
            pipeline.append(timed(run, home))
            straight.append(straight_seconds(home))
            statements, whole = model_seconds(home)
            sql.append(statements)
            models.append(whole)
        missions = [sys.executable, "-m", "missions.cli"]
        score = write_inputs(Path(folder))
        draws = compare(home)
        found = [
            Measurement(
                "Pipeline, everything rebuilt in one process from seeds to publication and site",
                [s for s, _ in pipeline],
                goal=45,
                memory=max(m for _, m in pipeline),
                memory_goal=1500,
                loops_goal=32,
            ),
            Measurement(f"A plain Python loop, `{LOOP}`, before each of these runs", loops),
            Measurement("SQL statements of all models, as dbt runs them", sql),
            Measurement("All models with dbt's own work around the SQL", models),
            Measurement("The same SQL run straight in DuckDB", straight),
            measure(
                "Importing the code location with a fresh manifest",
                [sys.executable, "-c", "import orchestration.definitions"],
                home,
                SHORT_RUNS,
                goal=4,
            ),
            measure("`missions --help`", [*missions, "--help"], home, SHORT_RUNS, goal=0.3),
            measure("`missions rank`", [*missions, "rank"], home, SHORT_RUNS, goal=0.4),
            measure("`missions profile Blackpool`", [*missions, "profile", "Blackpool"], home, SHORT_RUNS),
            measure(
                "`missions what-if --weight health=2`",
                [*missions, "what-if", "--weight", "health=2"],
                home,
                SHORT_RUNS,
                goal=3,
            ),
            measure(
                "`missions score`, 33,755 small areas x 40 indicators",
                [*missions, *score],
                home,
                SHORT_RUNS,
                goal=6,
                memory_goal=1500,
            ),
            # Both in this process, in turn, on the same draws; both give the same ranks, or nothing is measured.
            Measurement(draws.name, draws.sql, goal=round(min(2, 12 * statistics.median(draws.numpy)), 2)),
            Measurement("The same draws by plain NumPy", draws.numpy),
        ]
    page(found, load)
    show(found)


def loop_of(found: list[Measurement]) -> float:
    """What the plain Python loop took, in seconds."""
    (median,) = (item.median for item in found if LOOP in item.name)
    return median


def cells(item: Measurement, loop: float) -> list[str]:
    goals = ((item.goal, "s"), (item.memory_goal, "MB"), (item.loops_goal, "loops"))
    return [
        item.name,
        f"{item.median:.2f}",
        f"{item.median / loop:.1f}",
        f"{min(item.seconds):.2f} to {max(item.seconds):.2f} ({len(item.seconds)})",
        f"{item.memory:.0f}" if item.memory else "",
        ", ".join(f"{goal:g} {unit}" for goal, unit in goals if goal),
        item.verdict(loop),
    ]


HEADER = ["What", "Median, s", "In loops", "Range, s (runs)", "Peak memory, MB", "Goal", ""]


def show(found: list[Measurement]) -> None:
    shown = Table(*HEADER)
    for item in found:
        shown.add_row(*cells(item, loop_of(found)))
    Console().print(shown)


def page(found: list[Measurement], load: float) -> None:
    """Write the page's part, with the load of the machine before the start. Raises SystemExit if a run stands alone."""
    if few := [item.name for item in found if len(item.seconds) < LEAST_RUNS]:
        raise SystemExit(f"Fewer than {LEAST_RUNS} runs of {', '.join(few)}: nothing is written")
    by_name = {item.name: item.median for item in found}
    whole = found[0].median
    straight = by_name["The same SQL run straight in DuckDB"]
    lines = [
        f"Written by `make bench` on {time.strftime('%d %B %Y')}: {machine()}; load of the machine before the start",
        f"{load:.1f}. Times are wall-clock seconds, each run in a process of its own; memory is the largest resident",
        "size.",
        "A loop is the plain Python loop of the second row: figures in loops can be compared between machines.",
        "",
        *table(HEADER, [cells(item, loop_of(found)) for item in found]),
        "",
        f"The models' SQL takes {straight:.2f} s when run straight in DuckDB, {100 * straight / whole:.0f}% of the",
        f"pipeline's {whole:.1f} s. The rest is loading and checking the seeds, starting Dagster and dbt, the data",
        "tests, and writing the publication and its site.",
    ]
    write_part("timings", lines)


if __name__ == "__main__":
    main()
