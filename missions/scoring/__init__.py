"""Scoring outside dbt: the warehouse's own SQL on any units, observations and framework.

Belongs here: the compiled models that ship with the package, how they are run on an open connection, and how a user's
files become their inputs. No dbt, Dagster or pandas, so that `missions score` starts fast; only ship.py calls dbt.
"""

from missions.scoring.chain import CHAIN, run_chain, run_model

__all__ = ["CHAIN", "run_chain", "run_model"]
