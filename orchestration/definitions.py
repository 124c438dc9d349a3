"""The Dagster code location: assets, the job that makes all of them, its schedule, and what they run on.

Belongs here: what `workspace.yaml` loads, and nothing that computes. The assets are in assets.py.
"""

import dagster as dg
from dagster_duckdb import DuckDBResource

from orchestration import WAREHOUSE
from orchestration.assets import publication, raw_assets, warehouse_models

index = dg.define_asset_job(
    "index",
    selection=dg.AssetSelection.all(),
    description="Everything, from the seeds to the publication.",
)

weekly = dg.ScheduleDefinition(
    name="weekly",
    job=index,
    cron_schedule="0 6 * * 1",
    execution_timezone="Europe/London",
    description="Monday mornings, once somebody turns it on.",
    default_status=dg.DefaultScheduleStatus.STOPPED,
)

defs = dg.Definitions(
    assets=[*raw_assets, warehouse_models, publication],
    jobs=[index],
    schedules=[weekly],
    resources={"warehouse": DuckDBResource(database=str(WAREHOUSE))},
    # One process: every step needs the one build file, and a new process would import dagster and dbt anew.
    executor=dg.in_process_executor,
)
