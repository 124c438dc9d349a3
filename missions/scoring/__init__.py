"""Scoring outside dbt: the warehouse's SQL applied to any units, observations and framework.

Belongs here: rendering the models from dbt's files, running them on an open connection, reading a user's files as
their inputs, and what-if. No dbt, Dagster or pandas, so that `missions score` starts fast.
"""

from missions.scoring.chain import run_chain, run_model
from missions.scoring.model_names import CHAIN

__all__ = ["CHAIN", "run_chain", "run_model"]
