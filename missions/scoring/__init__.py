"""Scoring outside dbt: the warehouse's own SQL on any units, observations and framework.

Belongs here: the models rendered from dbt's files, how they are run on an open connection, a user's files as their
inputs, and what-if. No dbt, Dagster or pandas, so that `missions score` starts fast.
"""

from missions.scoring.chain import run_chain, run_model
from missions.scoring.model_names import CHAIN

__all__ = ["CHAIN", "run_chain", "run_model"]
