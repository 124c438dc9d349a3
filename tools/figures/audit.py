"""The blocks of the audit in docs/method.md: rules, exceptions, close pairs, and the frameworks before and after."""

from tools.figures.book import Book, block, listing
from tools.figures.formats import percent, table, words

# Domains of the Indices as MHCLG names them, in its order; the whole comes first.
_DOMAINS = {
    "imd": "IMD 2025",
    "income": "Income",
    "employment": "Employment",
    "education_skills_and_training": "Education, skills and training",
    "health_deprivation_and_disability": "Health and disability",
    "crime": "Crime",
    "barriers_to_housing_and_services": "Barriers to housing and services",
    "living_environment": "Living environment",
}

listing(
    "audit_of_missions",
    """
    SELECT node_name, cronbach_alpha, mean_correlation_within, mean_correlation_across, first_component_share,
        loading, correlation_with_rest
    FROM (
        PIVOT (
            SELECT node_name, audit.node_id, statistic, value FROM framework_audit AS audit
            JOIN dim_framework_node AS node ON audit.node_id = node.node_id WHERE depth < 2
        )
        ON statistic IN (
            'cronbach_alpha', 'mean_correlation_within', 'mean_correlation_across', 'first_component_share', 'loading',
            'correlation_with_rest'
        )
        USING max(value) GROUP BY node_name, node_id
    ) ORDER BY node_id = 'composite', node_name
    """,
    {
        **{"": "{}", "Alpha": "{:.2f}", "Mean correlation within": "{:.2f}", "Across": "{:.2f}"},
        **{"First component": percent, "Loading": "{:.2f}", "With the rest": "{:.2f}"},
    },
)

listing(
    "audit_of_themes",
    """
    SELECT mission_name, theme_name, max(value) FILTER (statistic = 'cronbach_alpha'),
        max(value) FILTER (statistic = 'correlation_with_rest')
    FROM framework_audit JOIN dim_theme ON node_id = theme_id
    JOIN dim_mission ON dim_theme.mission_id = dim_mission.mission_id
    GROUP BY mission_name, theme_name ORDER BY mission_name, theme_name
    """,
    {"Mission": "{}", "Theme": "{}", "Alpha": "{:.2f}", "Correlation with the rest of the mission": "{:.2f}"},
)

listing(
    "audit_rules",
    """
    SELECT rule_number, statistic, count(*) FILTER (status = 'within_bound'), count(*) FILTER (status = 'exception'),
        min(value), max(value)
    FROM framework_audit JOIN dim_framework_node USING (node_id)
    WHERE rule_number IS NOT NULL AND (is_indicator OR statistic = 'indicators') AND status <> 'no_bound'
    GROUP BY rule_number, statistic ORDER BY rule_number
    """,
    {
        **{"Rule": "{}", "Statistic": words, "Keep it": "{}", "Exceptions": "{}"},
        **{"Lowest": "{:.2f}", "Highest": "{:.2f}"},
    },
)

listing(
    "audit_exceptions",
    """
    SELECT node_name, rule_number, format('{:.2f}', value), exception_reason, exception_noted_date
    FROM framework_audit WHERE status = 'exception' ORDER BY rule_number, node_name
    """,
    {"Indicator": "{}", "Rule": "{}", "Value": "{}", "The policy behind it": "{}", "Agreed": "{}"},
)

listing(
    "redundant_pairs",
    """
    SELECT node_name, other_node_name, correlation, format('{:g} and {:g}', one.weight, other.weight)
    FROM framework_audit_pair
    JOIN dim_indicator AS one ON node_id = one.indicator_id
    JOIN dim_indicator AS other ON other_node_id = other.indicator_id
    WHERE is_redundant ORDER BY abs(correlation) DESC
    """,
    {"Indicator": "{}", "And": "{}", "Correlation": "{:.3f}", "Weights": "{}"},
)

listing(
    "alpha_before_and_after",
    """
    SELECT coalesce(mission_name, 'Composite'), max(value) FILTER (framework_id = 'first'),
        max(value) FILTER (framework_id = 'second')
    FROM framework_quality LEFT JOIN dim_mission ON node_id = mission_id
    WHERE statistic = 'cronbach_alpha' AND (mission_id IS NOT NULL OR node_id = 'composite')
    GROUP BY mission_name ORDER BY mission_name NULLS FIRST
    """,
    {"": "{}", "First framework": "{:.2f}", "Second framework": "{:.2f}"},
)


@block
def audit_density(book: Book) -> str:
    return str(book.variables["audit_density_correlation"])


@block
def audit_close(book: Book) -> str:
    return str(book.variables["audit_close_correlation"])


@block
def audit_opposite(book: Book) -> str:
    return str(book.variables["audit_opposite_correlation"])


@block
def validity(book: Book) -> str:
    """Spearman's correlation with each domain, by mission: the first framework, then the second."""
    names = dict(book.rows("SELECT mission_id, mission_name FROM dim_mission ORDER BY mission_name"))
    nodes = {"composite": "Composite", **names}
    values = {
        (framework, node, statistic.removeprefix("rank_correlation_with_")): value
        for framework, node, statistic, value in book.rows(
            """
            SELECT framework_id, node_id, statistic, value FROM framework_quality
            WHERE starts_with(statistic, 'rank_correlation_with_')
            """
        )
    }
    rows: list[list[object]] = [
        [title, *(f"{values['first', n, domain]:.2f} → {values['second', n, domain]:.2f}" for n in nodes)]
        for domain, title in _DOMAINS.items()
    ]
    return table(["", *nodes.values()], rows)


@block
def stability(book: Book) -> str:
    """How far ranks move without any one indicator, under each framework."""
    values = {
        (framework, statistic): value
        for framework, statistic, value in book.rows(
            "SELECT framework_id, statistic, value FROM framework_quality WHERE ends_with(statistic, '_without')"
        )
    }
    wanted = {
        "largest_rank_change_without": ("Largest move of any council, in places", "{:.0f}"),
        "median_rank_change_without": ("Move of the median council, for the median indicator", "{:.0f}"),
        "least_rank_correlation_without": ("Lowest correlation with the full ranks (Spearman)", "{:.3f}"),
    }
    rows: list[list[object]] = [
        [title, *(how.format(values[framework, statistic]) for framework in ("first", "second"))]
        for statistic, (title, how) in wanted.items()
    ]
    return table(["Without one indicator", "First framework", "Second framework"], rows)


listing(
    "stability_of_indicators",
    """
    SELECT node_name, max(value) FILTER (statistic = 'largest_rank_change_without') AS largest,
        max(value) FILTER (statistic = 'median_rank_change_without'),
        max(value) FILTER (statistic = 'rank_correlation_without')
    FROM framework_audit WHERE is_indicator GROUP BY node_name ORDER BY largest DESC, node_name LIMIT 5
    """,
    {"Indicator left out": "{}", "Largest move": "{:.0f}", "Median": "{:.0f}", "Correlation": "{:.3f}"},
)
