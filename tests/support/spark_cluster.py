"""A Spark standalone cluster on loopback: a master and two workers, each with one core, and what its event log says.

Belongs here: starting and stopping it. PySpark brings Spark's own programs.
"""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from tests.support.ports import free_port
from tests.support.programs import until_it_says

WORKERS = 2


class Cluster:
    """The master's address, the workers' processes, and a folder for Spark's settings and event log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = ""
        self.workers: list[subprocess.Popen[str]] = []

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a build on this cluster."""
        return {"MISSIONS_SPARK_MASTER": self.address, "SPARK_CONF_DIR": str(self.folder / "conf")}

    def kill_worker(self) -> None:
        """Kill one worker with its executor, as a machine that fails."""
        worker = self.workers.pop()
        os.killpg(worker.pid, 9)
        worker.wait()

    def tasks(self) -> Counter[str]:
        """How many tasks succeeded on each executor, from Spark's event logs."""
        done: Counter[str] = Counter()
        for log in (self.folder / "events").rglob("*"):
            for line in log.read_text(encoding="utf-8").splitlines() if log.is_file() else ():
                if not line.startswith('{"Event":"SparkListenerTaskEnd"'):
                    continue
                event = json.loads(line)
                if event["Task End Reason"]["Reason"] == "Success":
                    done[event["Task Info"]["Executor ID"]] += 1
        return done


@contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """Start the cluster, and stop all its processes at the end."""
    cluster = Cluster(folder)
    (folder / "conf").mkdir(parents=True)
    (folder / "events").mkdir()
    # The settings that a cluster's administrator would give; those of the project are in profiles.yml.
    (folder / "conf/spark-defaults.conf").write_text(
        f"spark.eventLog.enabled true\nspark.eventLog.dir file://{folder}/events\n"
        "spark.eventLog.compress false\nspark.executor.memory 1g\n",
        encoding="utf-8",
    )
    port = str(free_port())
    cluster.address = f"spark://127.0.0.1:{port}"
    started = []
    try:
        words = ("--host", "127.0.0.1", "--port", port, "--webui-port", "0")
        started.append(_start("master.Master", "I have been elected leader", *words))
        for number in range(WORKERS):
            here = ("--host", "127.0.0.1", "--webui-port", "0", "-c", "1", "-m", "2g", "-d", str(folder / f"{number}"))
            worker = _start("worker.Worker", "Successfully registered with master", *here, cluster.address)
            started.append(worker)
            cluster.workers.append(worker)
        yield cluster
    finally:
        for process in started:
            if process.poll() is None:
                os.killpg(process.pid, 15)
        for process in started:
            process.wait(timeout=60)


def _start(program: str, ready: str, *words: str) -> "subprocess.Popen[str]":
    """Start one of Spark's programs in a group of its own, and wait for the line that says it is ready."""
    spec = find_spec("pyspark")
    assert spec and spec.origin
    spark = Path(spec.origin).parent
    process = subprocess.Popen(
        [str(spark / "bin/spark-class"), f"org.apache.spark.deploy.{program}", *words],
        env={**os.environ, "SPARK_HOME": str(spark), "SPARK_LOCAL_IP": "127.0.0.1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    until_it_says(process, ready)
    return process
