"""What the tests of the audit share: its statistics of the tree, Cronbach's alpha, and scores of the reference set."""

import numpy as np

Numbers = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

# The statistics that are of the tree alone, and not of a rule's evidence.
TREE = (
    "cronbach_alpha",
    "mean_correlation_within",
    "mean_correlation_across",
    "first_component_share",
    "loading",
    "correlation_with_rest",
    "alpha_without",
    "correlation_with_parent",
    "correlation_with_composite",
)
# Scores of every framework of councils over the reference set, from the build file.
ALL_SCORES = """
    select unit_id, node_id, score, depth, is_leaf from intermediate.int_node_scores
    join intermediate.int_authorities on unit_id = authority_code where is_in_reference_set
"""


def covariance_alpha(parts: Numbers) -> float:
    """Cronbach's own form: k / (k - 1) (1 - sum of the variances / variance of the sum)."""
    k = parts.shape[1]
    return float(k / (k - 1) * (1 - parts.var(axis=0, ddof=1).sum() / parts.sum(axis=1).var(ddof=1)))
