"""The Dagster code location: assets, checks, jobs, schedules, sensors and resources.

Belongs here: what `workspace.yaml` loads. Nothing is computed here; each part is defined in the module of its name.
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
    # One process: every step needs the build file, and a new process would have to import dagster and dbt again.
    executor=dg.in_process_executor,
)
