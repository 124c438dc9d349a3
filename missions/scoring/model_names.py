"""Which dbt models make up the method, in the order in which they build on each other.

Belongs here: names alone, without an import, as setup.py reads them too to pack those models into a wheel.
"""

# What the connection must hold, with the columns of the dbt models of the same names.
INPUTS = ("stg_framework_nodes", "int_index_units", "int_index_values")
CHAIN = (
    "int_framework_nodes",
    "int_treatment_steps",
    "int_treatments",
    "int_treated_values",
    "int_normalised_values",
    "int_node_scores",
)
# What reads the chain's results, where somebody asks for it.
FURTHER = ("int_contribution_factors", "int_treatment_outcomes")
