"""Writing sql/: the method's models as dbt compiles them (`python -m missions.scoring.ship`, part of `make docs`).

Belongs here: turning compiled code into files that ship with the package. A test compares them with what dbt compiles.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from missions.paths import DBT_PROJECT
from missions.scoring.chain import CHAIN, FURTHER, SQL


def shipped_files(manifest: Mapping[str, Any], compiled: Path) -> dict[str, str]:
    """What each file of sql/ must hold, from dbt's manifest and its folder of compiled models."""
    nodes = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    files = {}
    for model in (*CHAIN, *FURTHER):
        node = nodes[model]
        code = (compiled / node["original_file_path"]).read_text(encoding="utf-8")
        for parent in node["depends_on"]["nodes"]:
            relation = manifest["nodes"][parent]
            code = code.replace(relation["relation_name"], relation["name"])
        # Jinja leaves blanks and empty lines where it stood.
        lines = [line.rstrip() for line in code.strip().splitlines()]
        code = re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
        header = f"-- The dbt model {model} as compiled; written by `make docs`, not to be edited.\n"
        files[f"{model}.sql"] = f"{header}{code}\n"
    return files


def compiled_files(*options: str) -> dict[str, str]:
    """Compile the models with dbt, away from the build file; `options` are dbt's own, such as another target."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(str(Path(sys.executable).with_name("dbt")), "--quiet", "compile"),
            *("--select", *CHAIN, *FURTHER),
            *("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)),
            *("--target-path", folder, "--log-path", folder),
            *options,
        ]
        # The database's name stands in compiled code, so it is the build file's.
        warehouse = Path(folder) / "warehouse.duckdb"
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "MISSIONS_WAREHOUSE": str(warehouse)}
        )
        manifest = json.loads((Path(folder) / "manifest.json").read_text(encoding="utf-8"))
        return shipped_files(manifest, Path(folder) / "compiled" / manifest["metadata"]["project_name"])


def ship() -> None:
    """Write sql/ anew."""
    files = compiled_files()
    SQL.mkdir(exist_ok=True)
    for stale in SQL.glob("*.sql"):
        if stale.name not in files:
            stale.unlink()
    for name, text in files.items():
        (SQL / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    ship()
