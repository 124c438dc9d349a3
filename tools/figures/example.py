"""The worked example of docs/method.md: one figure of one council, followed through all the models."""

import math

from tools.figures.book import Book, block
from tools.figures.formats import day, table

# The council and indicator that docs/method.md follows through the models.
EXAMPLE = {"council": "Blackpool", "indicator": "robbery"}
_FOLLOWED = """
WITH reference AS (SELECT authority_code FROM dim_authority WHERE is_in_reference_set),
cell AS (
    SELECT score.*, population,
        i.theme_id, i.weight / (SELECT sum(weight) FROM dim_indicator WHERE theme_id = i.theme_id) AS w,
        t.weight / (SELECT sum(weight) FROM dim_theme WHERE mission_id = t.mission_id) AS theme_w,
        m.weight / (SELECT sum(weight) FROM dim_mission) AS whole_w
    FROM indicator_score AS score JOIN dim_authority USING (authority_code)
    JOIN dim_indicator AS i USING (indicator_id) JOIN dim_theme AS t USING (theme_id)
    JOIN dim_mission AS m ON t.mission_id = m.mission_id
    WHERE authority_name = $council AND indicator_id = $indicator
),
in_reference AS (
    SELECT min(value) AS low, max(value) AS high,
        avg(value_treated) AS mean, stddev_samp(value_treated) AS deviation
    FROM indicator_score JOIN reference USING (authority_code) WHERE indicator_id = $indicator
),
of_theme AS (
    SELECT authority_code, sum(weight * need_z) / sum(weight) AS mean
    FROM indicator_score JOIN dim_indicator USING (indicator_id)
    WHERE theme_id = (SELECT theme_id FROM cell) GROUP BY authority_code
),
of_mission AS (
    SELECT authority_code, sum(weight * need_z) / sum(weight) AS mean
    FROM theme_index JOIN dim_theme USING (theme_id)
    WHERE dim_theme.mission_id = (SELECT mission_id FROM cell) GROUP BY authority_code
),
of_composite AS (
    SELECT authority_code, sum(weight * need_z) / sum(weight) AS mean
    FROM mission_index JOIN dim_mission USING (mission_id) GROUP BY authority_code
)
SELECT cell.*, in_reference.*, outcome, skewness_before, kurtosis_before,
    theme.need_z AS theme_z, theme.need_score AS theme_score, theme.need_rank AS theme_rank,
    mission.need_z AS mission_z, mission.need_score AS mission_score, mission.need_rank AS mission_rank,
    whole.need_z AS whole_z, whole.need_score AS whole_score, whole.need_rank AS whole_rank,
    of_theme.mean AS theme_mean, of_mission.mean AS mission_mean, of_composite.mean AS whole_mean,
    (SELECT stddev_samp(of_theme.mean) FROM of_theme JOIN reference USING (authority_code)) AS theme_s,
    (SELECT stddev_samp(of_mission.mean) FROM of_mission JOIN reference USING (authority_code)) AS s,
    (SELECT stddev_samp(of_composite.mean) FROM of_composite JOIN reference USING (authority_code)) AS whole_s,
    (SELECT sum(contribution) FROM indicator_score WHERE authority_code = cell.authority_code) AS summed
FROM cell CROSS JOIN in_reference JOIN indicator_treatment USING (indicator_id)
JOIN theme_index AS theme USING (authority_code, theme_id)
JOIN mission_index AS mission ON cell.authority_code = mission.authority_code AND cell.mission_id = mission.mission_id
JOIN composite_index AS whole ON cell.authority_code = whole.authority_code
JOIN of_theme ON cell.authority_code = of_theme.authority_code
JOIN of_mission ON cell.authority_code = of_mission.authority_code
JOIN of_composite ON cell.authority_code = of_composite.authority_code
"""


@block
def worked_example(book: Book) -> str:
    """Every step from the published figures, recalculated where the models do not publish it."""
    (x,) = book.records(_FOLLOWED, EXAMPLE)
    if (x["outcome"], x["value_basis_reason"]) != ("logged", "rate of published counts"):
        raise ValueError("docs/method.md follows a logged rate of published counts: choose another EXAMPLE")
    followed = (
        math.log(x["value"] - x["low"] + 0.01 * (x["high"] - x["low"])) - x["value_treated"],
        (x["value_treated"] - x["mean"]) / x["deviation"] - x["need_z"],
        x["theme_mean"] / x["theme_s"] - x["theme_z"],
        x["mission_mean"] / x["s"] - x["mission_z"],
        x["whole_mean"] / x["whole_s"] - x["whole_z"],
        x["whole_w"] * x["theme_w"] * x["w"] * x["need_z"] / (x["theme_s"] * x["s"] * x["whole_s"]) - x["contribution"],
        x["summed"] - x["whole_z"],
    )
    if max(map(abs, followed)) > 1e-9:
        raise ValueError(f"the formulas of docs/method.md do not give the published figures: {followed}")
    steps = book.variables["winsorise_steps"]
    count = x["value"] * x["population"] / 1000
    points = 10 * x["contribution"]
    rows = [
        ("Robberies recorded", "int_observations", f"{count:,.0f} in the year to {day(x['period_end_date'])}"),
        ("Residents, mid-2024", "int_weighting_populations", f"{x['population']:,}"),
        ("Rate per 1,000 residents", "int_authority_figures", f"{x['value']:.4f}"),
        ("Basis and reason", "int_cells", f"{x['value_basis']}, {x['value_basis_reason']}"),
        ("Skewness; kurtosis", "int_treatment_steps", "{skewness_before:.2f}; {kurtosis_before:.2f}".format(**x)),
        ("Outcome", "int_treatments", f"{x['outcome']}: {steps} winsorised values are not enough"),
        ("Min; max of the reference set", "int_treatments", "{low:.4f}; {high:.4f}".format(**x)),
        ("ln(x - min + 0.01 (max - min))", "int_treated_values", f"{x['value_treated']:.4f}"),
        ("Mean; standard deviation of the same", "int_normalised_values", "{mean:.4f}; {deviation:.4f}".format(**x)),
        ("z; rank on the indicator", "indicator_score", "{need_z:.4f}; {need_rank}".format(**x)),
        ("Weighted mean of the theme; its deviation", "int_node_scores", "{theme_mean:.4f}; {theme_s:.4f}".format(**x)),
        ("Theme: z; score; rank", "theme_index", "{theme_z:.4f}; {theme_score:.1f}; {theme_rank}".format(**x)),
        ("Weighted mean of the mission; its deviation", "int_node_scores", "{mission_mean:.4f}; {s:.4f}".format(**x)),
        (
            "Mission: z; score; rank",
            "mission_index",
            "{mission_z:.4f}; {mission_score:.1f}; {mission_rank}".format(**x),
        ),
        (
            "Weighted mean of the composite; its deviation",
            "int_node_scores",
            "{whole_mean:.4f}; {whole_s:.4f}".format(**x),
        ),
        ("Composite: z; score; rank", "composite_index", "{whole_z:.4f}; {whole_score:.1f}; {whole_rank}".format(**x)),
        (
            "Weight of the mission; of the theme in it; of the indicator in the theme",
            "int_framework_nodes",
            "{whole_w:.4f}; {theme_w:.4f}; {w:.4f}".format(**x),
        ),
        ("Contribution", "int_contribution_factors", f"{x['contribution']:.4f}, which is {points:.1f} points of score"),
        ("Sum of all contributions", "indicator_score", f"{x['summed']:.4f}"),
    ]
    return table(["Step", "Model", "Result"], [[step, f"`{model}`", result] for step, model, result in rows])
