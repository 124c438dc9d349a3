"""The dbt models that make up the method, in the order in which they build on each other.

Belongs here: names only, and no imports: setup.py reads this file to copy the models into a wheel.
"""

# Tables or views that the connection must have, with the columns of the dbt models of the same names.
INPUTS = ("stg_framework_nodes", "int_index_units", "int_index_values")
CHAIN = (
    "int_framework_nodes",
    "int_treatment_steps",
    "int_treatments",
    "int_treated_values",
    "int_normalised_values",
    "int_node_scores",
)
# Models that read the results of the chain, run on request.
FURTHER = ("int_contribution_factors", "int_treatment_outcomes")
