"""The Dagster code location: assets, jobs, what starts them, and what they run on.

Belongs here: what `workspace.yaml` loads, and nothing that computes. The assets are in assets.py, when they are made by
themselves is in automation.py.
"""

import dagster as dg

from missions.paths import WAREHOUSE
from orchestration.assets import Warehouse, publication, publication_change, raw_assets, site, warehouse_models
from orchestration.automation import automated, by_rhythm, dead_runs, landed_editions, weekly, weekly_refresh
from orchestration.jobs import index, refresh_job
from orchestration.notices import failure_notice
from orchestration.refresh import newest_editions

defs = dg.Definitions(
    assets=automated([*raw_assets, warehouse_models, publication_change, publication, site]),
    asset_checks=[newest_editions],
    jobs=[index, refresh_job],
    schedules=[weekly_refresh, weekly],
    sensors=[landed_editions, by_rhythm, dead_runs, failure_notice],
    resources={"warehouse": Warehouse(database=str(WAREHOUSE))},
    # One process: every step needs the one build file, and a new process would import dagster and dbt anew.
    executor=dg.in_process_executor,
)
