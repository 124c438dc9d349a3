"""The method's models, run in order on a DuckDB connection.

Belongs here: which models make up the method, and how they are run. Their SQL is dbt's, written to sql/ by ship.py; no
formula stands in Python.
"""

from pathlib import Path

import duckdb

SQL = Path(__file__).with_name("sql")
# What the connection must hold, with the columns of the dbt models of the same names.
INPUTS = ("stg_framework_nodes", "int_index_units", "int_index_values")
# In the order in which they build on each other.
CHAIN = (
    "int_framework_nodes",
    "int_treatment_steps",
    "int_treatments",
    "int_treated_values",
    "int_normalised_values",
    "int_node_scores",
)
# What else ships: it reads the chain's results, where somebody asks for it.
FURTHER = ("int_contribution_factors", "int_treatment_outcomes")


def run_chain(connection: duckdb.DuckDBPyConnection) -> None:
    """Run the chain on the tables or views named in INPUTS; each model becomes a table of its name.

    A framework may be a forest of several trees: each is treated, normalised and scored by itself. Sums of doubles
    depend on the order of their terms: set `threads` to 1 where results must be equal to the last digit.
    """
    for model in CHAIN:
        run_model(connection, model)


def run_model(connection: duckdb.DuckDBPyConnection, model: str) -> None:
    """Make one shipped model's table, in the connection's own database."""
    query = (SQL / f"{model}.sql").read_text(encoding="utf-8")
    connection.execute(f"CREATE OR REPLACE TABLE {model} AS\n{query}")
