"""One measurement for scale.py in its own process: `python bench/scale_case.py '{"kind": ...}'` prints JSON.

Belongs here: what is inside the clock, and the process's own peak of memory and disk. The sizes are in scale.py.
"""

import json
import re
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import duckdb
from uncertainty import CHAIN as DRAWS_CHAIN
from uncertainty import by_sql, prepare, take_draws

from missions.scoring.chain import run_model
from missions.scoring.model_names import CHAIN, INPUTS

ROOT = Path(__file__).resolve().parents[1]
MEGABYTE = 1024**2


def chain(index: Path, memory_gb: float, threads: int) -> dict[str, Any]:
    """The method's SQL, as `missions score` runs it, from Parquet files to scores in a database file."""
    with tempfile.TemporaryDirectory(dir=index.parent) as folder:
        file, spill = Path(folder) / "index.duckdb", Path(folder) / "spill"
        spill.mkdir()
        connection = connect(file, spill, memory_gb, threads)
        for table in INPUTS:
            connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{index / table}.parquet')")
        models = {}
        with Peak(spill) as peak:
            start, worked = time.perf_counter(), time.process_time()
            for model in CHAIN:
                begun = time.perf_counter()
                run_model(connection, model)
                models[model] = time.perf_counter() - begun
            connection.execute("CHECKPOINT")
            seconds, cpu = time.perf_counter() - start, time.process_time() - worked
        found = {
            "seconds": seconds,
            "cpu": cpu,
            "models": models,
            **peak.found(),
            "file_mb": file.stat().st_size / MEGABYTE,
        }
        # A run that lost units would be fast but worthless.
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


def spark(index: Path, sql: Path, memory_gb: float, threads: int) -> dict[str, Any]:
    """The same models as they are rendered for Spark, from the same Parquet files to tables in Parquet.

    The session is dbt's but for its memory, and starts before the clock: a cluster has one at hand.
    """
    import yaml
    from pyspark.sql import SparkSession

    profiles = yaml.safe_load((ROOT / "dbt_project/profiles.yml").read_text(encoding="utf-8"))
    settings = profiles["missions_index"]["outputs"]["spark"]["server_side_parameters"]
    with tempfile.TemporaryDirectory(dir=index.parent) as folder:
        builder = SparkSession.builder.master(f"local[{threads}]")
        own = {"spark.driver.memory": f"{memory_gb:g}g", "spark.local.dir": folder}
        for name, value in {**settings, **own}.items():
            if name != "spark.master":
                # Folders that dbt's session has in build/ are in the temporary folder.
                builder = builder.config(name, re.sub(r"\{\{.*?\}\}", folder, value))
        session = builder.getOrCreate()
        for table in INPUTS:
            session.read.parquet(str(index / f"{table}.parquet")).createOrReplaceTempView(table)
        models = {}
        start = time.perf_counter()
        for model in CHAIN:
            begun = time.perf_counter()
            path = f"{folder}/{model}"
            session.sql((sql / f"{model}.sql").read_text(encoding="utf-8")).write.parquet(path)
            session.read.parquet(path).createOrReplaceTempView(model)
            models[model] = time.perf_counter() - begun
        seconds = time.perf_counter() - start
        scores = session.sql("SELECT count(score) FROM int_node_scores WHERE depth = 0").collect()[0][0]
        memory = resident_peak(session._jvm.java.lang.ProcessHandle.current().pid())
        size = sum(file.stat().st_size for file in Path(folder).rglob("*.parquet")) / MEGABYTE
        units = session.table("int_index_units").count()
        session.stop()
    if scores != units:
        raise SystemExit(f"{index.name}: {scores} scores of {units} units on Spark; nothing was measured")
    return {"seconds": seconds, "models": models, "memory_mb": memory, "spill_mb": 0, "file_mb": size}


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
            start, worked = time.perf_counter(), time.process_time()
            by_sql(connection, {model: queries[model] for model in DRAWS_CHAIN})
            seconds, cpu = time.perf_counter() - start, time.process_time() - worked
        [(ranks,)] = connection.execute("SELECT count(*) FROM intermediate.int_sampling_ranks").fetchall()
        [(councils,)] = connection.execute("SELECT count(*) FROM intermediate.int_authorities").fetchall()
        connection.close()
    if ranks != count * councils:
        raise SystemExit(f"{ranks} ranks of {count} draws; nothing was measured")
    return {"seconds": seconds, "cpu": cpu, **peak.found()}


def connect(file: Path, spill: Path, memory_gb: float, threads: int) -> duckdb.DuckDBPyConnection:
    config: dict[str, Any] = {"threads": threads, "memory_limit": f"{memory_gb}GB", "temp_directory": str(spill)}
    return duckdb.connect(str(file), config=config)


class Peak:
    """The peak size of the folder of spilled blocks, and the peak resident memory of this process."""

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
        return {"memory_mb": resident_peak("self"), "spill_mb": self.spilled}


def resident_peak(process: object) -> float:
    """The peak resident memory of a process in MB; Linux only."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    [kilobytes] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(kilobytes) / 1024


def main() -> None:
    case = json.loads(sys.argv[1])
    kind = case.pop("kind")
    paths = {name: Path(case.pop(name)) for name in ("index", "home", "sql") if name in case}
    print(json.dumps({"chain": chain, "spark": spark, "draws": draws}[kind](**paths, **case)))


if __name__ == "__main__":
    main()
