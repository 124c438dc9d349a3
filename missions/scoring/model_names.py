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
# Models that work out areas made of councils (regroup.py): their figures, scores, and the draws of their ranks.
AREA_FIGURES = ("int_aggregated_figures",)
AREA_SCORES = ("int_node_need", "indicator_score")
AREA_DRAWS = (
    "int_yardsticks",
    "int_leaf_places",
    "int_place_distributions",
    "int_uncertain_cells",
    "int_draws",
    "int_draw_weights",
    "int_theme_draws",
    "int_branch_draws",
    "int_draw_scores",
)
PACKED = (*CHAIN, *FURTHER, *AREA_FIGURES, *AREA_SCORES, *AREA_DRAWS)
