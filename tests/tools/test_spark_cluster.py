"""The project on a real Spark cluster, of which one worker is killed in the middle: every table equals DuckDB's.

`make spark-cluster` builds everything, and MISSIONS_SPARK_CLUSTER=part the figures of all councils and what they need.
Either takes many minutes, so neither runs without being asked for. Needs Java and the extra [spark].
"""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.spark_cluster import running
from tests.support.spark_tables import differences

pytestmark = [
    pytest.mark.slow,
    pytest.mark.tools,
    pytest.mark.skipif(
        "MISSIONS_SPARK_CLUSTER" not in os.environ, reason="takes many minutes: `make spark-cluster` runs it"
    ),
    pytest.mark.skipif(
        not find_spec("pyspark") or not shutil.which("java"),
        reason="Spark needs Java 17 and the extra [spark]: `make spark` says what is missing",
    ),
]
SELECTED = () if os.environ.get("MISSIONS_SPARK_CLUSTER") == "whole" else ("--select", "+indicator_value")
TABLES_BEFORE_THE_KILL = 5


def test_a_cluster_that_loses_a_worker_builds_the_same_tables(database: Path, home: Path, tmp_path: Path) -> None:
    del database  # it is there: so are the raw tables as Parquet files
    build = tmp_path / "build"
    build.mkdir()
    shutil.copytree(home / "build/raw", build / "raw")
    with running(tmp_path / "cluster") as cluster:
        command = [
            str(Path(sys.executable).parent / "dbt"),
            *("run", "--target", "spark", "--profiles-dir", ".", *SELECTED),
            *("--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path / "logs")),
        ]
        dbt = subprocess.Popen(
            command,
            cwd=home / "dbt_project",
            env={**os.environ, **cluster.environment, "MISSIONS_BUILD": str(build)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert dbt.stdout
        said, made = [], 0
        for line in dbt.stdout:
            said.append(line)
            made += "OK created sql table" in line
            if made == TABLES_BEFORE_THE_KILL and len(cluster.workers) == 2:
                cluster.kill_worker()
        assert dbt.wait() == 0, "".join(said[-60:])
        done = cluster.tasks()
    print(f"tasks by executor: {dict(done)}")
    assert len([executor for executor in done if executor != "driver"]) >= 2
    assert "driver" not in done
    compared = _tables(build / "spark")
    assert made == len(compared) >= TABLES_BEFORE_THE_KILL
    found = [
        fault for table in compared for fault in differences(home / "build/warehouse.duckdb", build / "spark", table)
    ]
    assert not found, "\n".join(found)


def _tables(spark: Path) -> list[str]:
    """The tables that Spark has made, `schema.name`."""
    folders = sorted(path for path in (spark / "warehouse").glob("*.db/*") if any(path.glob("*.parquet")))
    return [f"{folder.parent.name.removesuffix('.db')}.{folder.name}" for folder in folders]
