"""Run the method's models in order on a DuckDB connection.

Belongs here: how they are run. Their SQL comes from dbt's files (models.py).
"""

import duckdb

from missions.scoring.model_names import CHAIN
from missions.scoring.models import model_sql


def run_chain(connection: duckdb.DuckDBPyConnection) -> None:
    """Run the chain on the tables or views named in INPUTS; each model becomes a table of the same name.

    A framework may be a forest of several trees: each is treated, normalised and scored separately. Sums of doubles
    depend on the order of their terms: set `threads` to 1 if results must be equal to the last digit.
    """
    for model in CHAIN:
        run_model(connection, model)


def run_model(connection: duckdb.DuckDBPyConnection, model: str) -> None:
    """Create the table of one model in the connection's own database."""
    connection.execute(f"CREATE OR REPLACE TABLE {model} AS\n{model_sql(model)}")
