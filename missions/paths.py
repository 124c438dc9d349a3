"""Where the project, its seeds, its build and its publication are.

Belongs here: the folders, and the one variable that moves them. Nothing is read or made.
"""

import os
from pathlib import Path

PROJECT = Path(os.environ.get("MISSIONS_HOME") or Path(__file__).resolve().parents[1])
SEEDS = PROJECT / "seeds"
DBT_PROJECT = PROJECT / "dbt_project"
WAREHOUSE = PROJECT / "build" / "warehouse.duckdb"
PUBLISHED = PROJECT / "published"
