"""One measurement of scale.py, in a process of its own: `python bench/scale_case.py '{"kind": ...}'` prints JSON.

Belongs here: what is inside the clock, and the process's own peak of memory and disk. What is measured at which sizes is in
scale.py.
"""

import json
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import duckdb
from uncertainty import by_sql, prepare, take_draws

from orchestration.scoring.chain import CHAIN, INPUTS, run_model

MEGABYTE = 1024**2


def chain(index: Path, memory_gb: float, threads: int) -> dict[str, Any]:
    """The shipped SQL from Parquet files to the scores in a database file, as `missions score` runs it after reading."""
    with tempfile.TemporaryDirectory(dir=index.parent) as folder:
        file, spill = Path(folder) / "index.duckdb", Path(folder) / "spill"
        spill.mkdir()
        connection = connect(file, spill, memory_gb, threads)
        for table in INPUTS:
            connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{index / table}.parquet')")
        models = {}
        with Peak(spill) as peak:
            start = time.perf_counter()
            for model in CHAIN:
                begun = time.perf_counter()
                run_model(connection, model)
                models[model] = time.perf_counter() - begun
            connection.execute("CHECKPOINT")
            seconds = time.perf_counter() - start
        found = {"seconds": seconds, "models": models, **peak.found(), "file_mb": file.stat().st_size / MEGABYTE}
        # A run that lost units would be fast and worth nothing.
        (units, trees, scores) = connection.execute(
            """
            SELECT
                (SELECT count(*) FROM int_index_units),
                (SELECT count(*) FROM stg_framework_nodes WHERE parent_id IS NULL),
                (SELECT count(score) FROM int_node_scores WHERE depth = 0)
            """
        ).fetchall()[0]
        connection.close()
    if scores != units * trees:
        raise SystemExit(f"{index.name}: {scores} scores of {units} units in {trees} trees; nothing was measured")
    return found


def draws(home: Path, sql: Path, count: int, sources: str, memory_gb: float, threads: int) -> dict[str, Any]:
    """Weights, scores and ranks of `count` draws of the published index, by the SQL that dbt runs."""
    # The compiled SQL names the build file's database.
    queries = {file.stem: file.read_text(encoding="utf-8").replace('"warehouse".', "") for file in sql.glob("*.sql")}
    with tempfile.TemporaryDirectory() as folder:
        connection = connect(Path(folder) / "draws.duckdb", Path(folder), memory_gb, threads)
        prepare(connection, home)
        connection.execute(f"CREATE OR REPLACE TABLE intermediate.all_draws AS {queries['int_draws']}")
        take_draws(connection, count, all_sources=sources == "all")
        with Peak(Path(folder)) as peak:
            start = time.perf_counter()
            by_sql(connection, {model: queries[model] for model in ("int_draw_weights", "int_sampling_ranks")})
            seconds = time.perf_counter() - start
        [(ranks,)] = connection.execute("SELECT count(*) FROM intermediate.int_sampling_ranks").fetchall()
        [(councils,)] = connection.execute("SELECT count(*) FROM intermediate.int_authorities").fetchall()
        connection.close()
    if ranks != count * councils:
        raise SystemExit(f"{ranks} ranks of {count} draws; nothing was measured")
    return {"seconds": seconds, **peak.found()}


def connect(file: Path, spill: Path, memory_gb: float, threads: int) -> duckdb.DuckDBPyConnection:
    config: dict[str, Any] = {"threads": threads, "memory_limit": f"{memory_gb}GB", "temp_directory": str(spill)}
    return duckdb.connect(str(file), config=config)


class Peak:
    """The most that stood in the folder of spilled blocks, and this process's peak of resident memory."""

    def __init__(self, spill: Path) -> None:
        self.spill = spill
        self.spilled = 0.0
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def __enter__(self) -> "Peak":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()

    def watch(self) -> None:
        while not self.done.wait(0.05):
            size = 0.0
            for file in self.spill.glob("duckdb_temp*"):
                try:
                    size += file.stat().st_blocks * 512 / MEGABYTE
                except FileNotFoundError:  # DuckDB has removed it since
                    continue
            self.spilled = max(self.spilled, size)

    def found(self) -> dict[str, float]:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        [kilobytes] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
        return {"memory_mb": int(kilobytes) / 1024, "spill_mb": self.spilled}


def main() -> None:
    case = json.loads(sys.argv[1])
    kind = case.pop("kind")
    paths = {name: Path(case.pop(name)) for name in ("index", "home", "sql") if name in case}
    print(json.dumps({"chain": chain, "draws": draws}[kind](**paths, **case)))


if __name__ == "__main__":
    main()
