"""The blocks of docs/method.md, except its worked example."""

import csv

from tools.figures.book import ROOT, Book, block, listing
from tools.figures.example import EXAMPLE
from tools.figures.formats import day, percent, table, tenths, words

listing(
    "missions",
    """
    SELECT mission_name, theme_name, theme.indicators, count(*) FILTER (indicator.weight < 1), theme.effective_weight,
        100 * max(indicator.effective_weight)
    FROM dim_theme AS theme JOIN dim_indicator AS indicator USING (theme_id, theme_name, mission_id)
    GROUP BY ALL ORDER BY mission_name, theme_name
    """,
    {
        **{"Mission": "{}", "Theme": "{}", "Indicators": "{}", "At half weight": "{}"},
        **{"Share of the composite": tenths, "Largest share of one indicator": "{:.2f}%"},
    },
)


@block
def peer_variables(book: Book) -> str:
    """The list comes from the seed; only each council's figures are published."""
    with (ROOT / "seeds/framework/peer_variable.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    titles = set(book.rows("SELECT DISTINCT variable_id, variable_title FROM authority_structure"))
    if titles != {(row["variable_id"], row["variable_title"]) for row in found}:
        raise ValueError("authority_structure does not hold the variables of seeds/framework/peer_variable.csv")
    return table(
        ["Variable", "Unit", "Compared as", "From", "Why"],
        [
            [
                row["variable_title"],
                row["unit"],
                "logarithm" if row["transformation"] == "log" else "the value itself",
                ", ".join(f"`{source}`" for source in row["source_ids"].split(", ")),
                row["reason"],
            ]
            for row in found
        ],
    )


listing(
    "peer_example",
    """
    SELECT peer_rank, peer.authority_name, structure_distance, peer.authority_type
    FROM authority_peer AS peers JOIN dim_authority AS council USING (authority_code)
    JOIN dim_authority AS peer ON peer_code = peer.authority_code
    WHERE council.authority_name = ? AND peer_model = 'open' AND peer_rank <= 5 ORDER BY peer_rank
    """,
    {"Rank": "{}", "Peer": "{}", "Distance": "{:.2f}", "Type": words},
    EXAMPLE["council"],
)


@block
def small_area_within(book: Book) -> str:
    return percent(
        book.one(
            """
            SELECT sum(within_share_of_variance) FROM authority_inequality
            JOIN dim_authority USING (authority_code)
            WHERE tier <> 'upper' AND index_id IN (SELECT index_id FROM small_area_index WHERE is_overall)
            """
        )
    )


@block
def few_peers(book: Book) -> str:
    """Councils with fewer than ten peers under the open model, in a sentence."""
    found = book.rows(
        """
        SELECT count(peer_code) AS peers, authority_name FROM dim_authority
        LEFT JOIN authority_peer ON dim_authority.authority_code = authority_peer.authority_code AND peer_model = 'open'
        GROUP BY authority_name HAVING peers < 10 ORDER BY peers, authority_name
        """
    )
    return "; ".join(f"{name} {peers or 'none'}" for peers, name in found)


listing(
    "trend_basket",
    """
    SELECT mission_name, count(*) FILTER (is_in_basket), count(*),
        string_agg(DISTINCT basket_reason, '; ' ORDER BY basket_reason) FILTER (NOT is_in_basket)
    FROM index_trend_basket JOIN dim_mission USING (mission_id) GROUP BY ALL ORDER BY mission_name
    """,
    {"Mission": "{}", "In the basket": "{}", "Indicators": "{}", "Why the others are not": "{}"},
)


@block
def milestones(book: Book) -> str:
    found = book.rows(
        """
        SELECT milestone_title, target_is, progress.target_value, unit, year(progress.target_date), source_title,
            source_page, published_date, is_exact_measure, current_value, year(current_period_end_date), status,
            is_own_figure
        FROM dim_milestone JOIN milestone_progress AS progress USING (milestone_id)
        WHERE area_type = 'country' ORDER BY milestone_title
        """
    )
    return table(
        ["Milestone", "Target", "By", "Set in", "Exact measure", "England", "Status of England"],
        [
            [
                r[0],
                f"{r[1]} {r[2]:g} {r[3]}".replace(" %", "%"),
                r[4] or "no year",
                f"[{r[5]}]({r[6]}), {day(r[7])}",
                "yes" if r[8] else "approximate",
                "" if r[9] is None else f"{r[9]:.1f} in {r[10]}" + ("" if r[12] else ", our mean of councils"),
                r[11],
            ]
            for r in found
        ],
    )


listing(
    "basis_errors",
    "SELECT value_basis, error_sd, pairs, indicators FROM value_basis_error ORDER BY error_sd",
    {"Basis": words, "Standard deviations": "{:.2f}", "Pairs": "{:,}", "Indicators": "{}"},
)


@block
def method_choices(book: Book) -> str:
    """The choices come from the seed; how far each moves ranks is published."""
    with (ROOT / "seeds/framework/method_choice.csv").open(encoding="utf-8", newline="") as file:
        choices = list(csv.DictReader(file))
    moves = {
        (factor, option): (mean, most)
        for factor, option, mean, most in book.rows(
            """
            SELECT factor, option, avg(abs(rank_change)), max(abs(rank_change)) FROM rank_by_method_choice
            WHERE index_id NOT IN (SELECT mission_id FROM dim_mission) GROUP BY ALL
            """
        )
    }
    rows: list[list[object]] = []
    for choice in choices:
        mean, most = moves.get((choice["factor"], choice["option"]), (None, None))
        official = choice["is_official"] == "true"
        rows.append(
            [
                words(choice["factor"]).capitalize(),
                choice["label"] + (" (the index)" if official else ""),
                choice["probability"],
                "" if mean is None else f"{mean:.1f}",
                "" if most is None else most,
            ]
        )
    return table(["Factor", "Option", "Probability", "Mean change in rank", "Largest change"], rows)


listing(
    "rank_widths",
    """
    SELECT coalesce(mission_name, 'Composite'), median(rank_percentile_95 - rank_percentile_5),
        avg((rank_percentile_95 - rank_percentile_5 <= 30)::int), avg(share_without_stated_error)
    FROM rank_uncertainty LEFT JOIN dim_mission ON index_id = mission_id
    GROUP BY mission_name ORDER BY mission_name NULLS FIRST
    """,
    {
        **{"": "{}", "Median places from 5th to 95th percentile": "{:.0f}", "Councils within 30 places": percent},
        "Weight without a stated error": percent,
    },
)


@block
def sensitivity(book: Book) -> str:
    found = book.rows(
        """
        SELECT factor, first_order_share, first_order_standard_error, total_order_share, total_order_standard_error
        FROM rank_sensitivity WHERE index_id NOT IN (SELECT mission_id FROM dim_mission)
        ORDER BY total_order_share DESC
        """
    )
    return table(
        ["Source", "By itself (standard error)", "With its interactions (standard error)"],
        [
            [words(factor).capitalize(), f"{percent(first)} ({100 * e:.0f})", f"{percent(total)} ({100 * f:.0f})"]
            for factor, first, e, total, f in found
        ],
    )
