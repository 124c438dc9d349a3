"""The Dagster code location: assets, the job that makes all of them, and what they run on.

Belongs here: what `workspace.yaml` loads, and nothing that computes. The assets are in assets.py, when they are made by
themselves is in automation.py.
"""

import dagster as dg

from orchestration import WAREHOUSE
from orchestration.assets import publication, publication_change, raw_assets, site, warehouse_models
from orchestration.automation import (
    automated,
    by_rhythm,
    dead_runs,
    failure_notice,
    landed_editions,
    weekly,
    weekly_refresh,
)
from orchestration.pipeline import Warehouse
from orchestration.sources.job import newest_editions, refresh_job

index = dg.define_asset_job(
    "index",
    selection=dg.AssetSelection.all(),
    description="Everything, from the seeds to the publication.",
    # Begun again as a whole where it was killed: a step that was under way may have left half of its work.
    tags={"dagster/retry_strategy": "ALL_STEPS"},
)

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
