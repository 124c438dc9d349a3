"""The blocks of docs/data-quality.md."""

from missions.reading.wording import BASES
from tools.figures.book import Book, block, listing
from tools.figures.formats import percent, table, tenths, words
from tools.figures.numbers import NUMBERS

TYPES = [
    "county",
    "district",
    "unitary",
    "metropolitan_district",
    "london_borough",
    "city_of_london",
    "isles_of_scilly",
]
# Figures that mislead if taken for what residents experience; docs/data-quality.md explains why.
ODD = [
    ("City of London", ["theft_from_person", "shoplifting", "criminal_damage_and_arson"]),
    ("Westminster", ["theft_from_person", "robbery", "electric_vehicle_share"]),
    ("Crawley", ["weapons_possession"]),
    ("Windsor and Maidenhead", ["electric_vehicle_share"]),
    ("Peterborough", ["electric_vehicle_share"]),
    ("Stockport", ["electric_vehicle_share"]),
]


@block
def coverage_by_basis(book: Book) -> str:
    found = dict(book.rows("SELECT value_basis, count(*) FROM indicator_score GROUP BY ALL"))
    return table(
        ["Basis", "Cells", "Share"],
        [[words(b), f"{found.get(b, 0):,}", f"{100 * found.get(b, 0) / sum(found.values()):.1f}%"] for b in BASES],
    )


@block
def coverage_by_reason(book: Book) -> str:
    found = book.rows(
        """
        SELECT value_basis, value_basis_reason, count(*) AS cells FROM indicator_score
        WHERE value_basis <> 'published' GROUP BY ALL ORDER BY cells DESC, value_basis_reason
        """
    )
    found.sort(key=lambda row: BASES.index(row[0]))
    return table(["Basis", "Reason", "Cells"], [[words(basis), reason, f"{cells:,}"] for basis, reason, cells in found])


@block
def coverage_by_type(book: Book) -> str:
    councils = dict(book.rows("SELECT authority_type, count(*) FROM dim_authority GROUP BY ALL"))
    indicators = book.one(NUMBERS["indicators"])
    cells = {
        (of_type, basis): count
        for of_type, basis, count in book.rows(
            """
            SELECT authority_type, value_basis, count(*)
            FROM indicator_score JOIN dim_authority USING (authority_code) GROUP BY ALL
            """
        )
    }
    return table(
        ["Type", "Councils", *map(words, BASES)],
        [
            [words(t), councils[t], *(tenths(cells.get((t, b), 0) / (councils[t] * indicators)) for b in BASES)]
            for t in TYPES
        ],
    )


@block
def published_share_by_mission(book: Book) -> str:
    found = book.rows(
        """
        SELECT authority_type, mission_name, avg(published_share), count(*) FILTER (NOT is_mostly_published)
        FROM mission_index JOIN dim_authority USING (authority_code) JOIN dim_mission USING (mission_id) GROUP BY ALL
        """
    )
    names = sorted({name for _, name, _, _ in found})
    cells = {(t, name): percent(share) + (f" ({flagged} \\*)" if flagged else "") for t, name, share, flagged in found}
    composite = dict(
        book.rows(
            """
            SELECT authority_type, avg(published_share)
            FROM composite_index JOIN dim_authority USING (authority_code) GROUP BY ALL
            """
        )
    )
    return table(
        ["Type", *names, "All missions"],
        [[words(t), *(cells[t, name] for name in names), percent(composite[t])] for t in TYPES],
    )


listing(
    "least_published",
    """
    WITH shares AS (
        SELECT authority_name, authority_type, round(published_share, 6) AS share
        FROM composite_index JOIN dim_authority USING (authority_code)
    )
    SELECT share, authority_type, count(*), string_agg(authority_name, ', ' ORDER BY authority_name) FROM shares
    GROUP BY ALL ORDER BY share, authority_type LIMIT 6
    """,
    {"Own published figures": percent, "Type": words, "Councils": "{}", "Which": "{}"},
)


@block
def coverage_by_indicator(book: Book) -> str:
    columns = ", ".join(f"count(*) FILTER (score.value_basis = '{b}')" for b in BASES)
    found = book.rows(
        f"""
        SELECT mission_name, indicator_id, latest_period_end_date,
            count(*) FILTER (score.period_end_date < latest_period_end_date), {columns}
        FROM indicator_score AS score JOIN dim_indicator USING (indicator_id)
        GROUP BY ALL ORDER BY mission_name, indicator_id
        """
    )
    return table(
        ["Mission", "Indicator", "Newest period ends", *map(words, BASES), "From an older period"],
        [[r[0], f"`{r[1]}`", str(r[2]), *(n or "" for n in r[4:]), r[3] or ""] for r in found],
    )


listing(
    "treatments",
    """
    SELECT indicator_id,
        outcome || CASE winsorised_values
            WHEN 0 THEN '' WHEN 1 THEN ', 1 value' ELSE ', ' || winsorised_values || ' values'
        END,
        skewness_before, kurtosis_before, skewness_after, kurtosis_after
    FROM indicator_treatment WHERE outcome <> 'none' ORDER BY outcome, indicator_id
    """,
    {
        **{"Indicator": "`{}`", "Outcome": "{}", "Skewness": "{:.2f}", "Kurtosis": "{:.2f}"},
        **{"Skewness after": "{:.2f}", "Kurtosis after": "{:.2f}"},
    },
)


listing(
    "corrections_made",
    """
    SELECT area_name, min(dataset), reason, proof, noted_date
    FROM data_correction AS correction JOIN dim_source
        ON list_contains(string_split(source_ids, ', '), correction.source_id)
    GROUP BY correction_id, area_name, reason, proof, noted_date
    ORDER BY correction_id
    """,
    {"Area": "{}", "Data set": "{}", "What was wrong": "{}", "Test": "`{}`", "Noted": "{}"},
)


@block
def odd_figures(book: Book) -> str:
    return table(
        ["Council", "Indicator", "Value", "Unit", "England", "Rank", "Period ends"],
        [
            [council, title, f"{value:.1f}", unit, f"{england:.1f}", rank, str(end)]
            for council, indicators in ODD
            for title, value, unit, england, rank, end in book.rows(
                """
                SELECT indicator_title, score.value, unit, england.value, need_rank, score.period_end_date
                FROM indicator_score AS score
                JOIN dim_authority USING (authority_code) JOIN dim_indicator USING (indicator_id)
                JOIN indicator_benchmark AS england
                    ON score.indicator_id = england.indicator_id AND england.area_name = 'England'
                WHERE authority_name = $1 AND list_contains($2, score.indicator_id)
                ORDER BY list_position($2, score.indicator_id)
                """,
                council,
                indicators,
            )
        ],
    )


@block
def odd_ranks(book: Book) -> str:
    found = dict(
        book.rows(
            """
            SELECT (authority_name, index_id), need_rank FROM (
                SELECT authority_code, mission_name AS index_id, need_rank
                FROM mission_index JOIN dim_mission USING (mission_id)
                UNION ALL SELECT authority_code, 'All missions', need_rank FROM composite_index
            ) JOIN dim_authority USING (authority_code)
            """
        )
    )
    names = [name for (name,) in book.rows("SELECT mission_name FROM dim_mission ORDER BY mission_name")]
    columns = [*names, "All missions"]
    return table(["Rank of", *columns], [[council, *(found[council, c] for c in columns)] for council, _ in ODD])


listing(
    "stale_and_estimated",
    """
    SELECT authority_name, value_basis, count(*),
        string_agg(
            indicator_id || CASE value_basis WHEN 'stale' THEN ' (' || year(period_end_date) || ')' ELSE '' END,
            ', ' ORDER BY indicator_id
        )
    FROM indicator_score JOIN dim_authority USING (authority_code) WHERE value_basis IN ('stale', 'estimated')
    GROUP BY authority_name, value_basis ORDER BY count(*) DESC, authority_name, value_basis
    """,
    {"Council": "{}", "Basis": "{}", "Cells": "{}", "Indicators": "{}"},
)
