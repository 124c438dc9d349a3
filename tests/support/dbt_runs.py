"""dbt on a copy of the build file that a test has damaged."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import PATIENCE


def dbt_on(warehouse: Path, home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of dbt in the project in `home` on another build file; its own files stay beside that."""
    beside = warehouse.parent
    return subprocess.run(
        [
            str(Path(sys.executable).parent / "dbt"),
            *(*arguments, "--profiles-dir", "."),
            *("--target-path", str(beside / "target"), "--log-path", str(beside / "logs")),
        ],
        cwd=home / "dbt_project",
        env={**os.environ, "MISSIONS_WAREHOUSE": str(warehouse)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
