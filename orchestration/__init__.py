"""The Missions Index: a Dagster code location and the `missions` command.

Belongs here: where the project's files stand. Nothing is imported, so that `missions rank` starts fast.
"""

import os
from pathlib import Path

PROJECT = Path(os.environ.get("MISSIONS_HOME") or Path(__file__).resolve().parents[1])
SEEDS = PROJECT / "seeds"
DBT_PROJECT = PROJECT / "dbt_project"
WAREHOUSE = PROJECT / "build" / "warehouse.duckdb"
PUBLISHED = PROJECT / "published"
