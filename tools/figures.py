"""Every figure that README.md and docs/ quote: the text between `<!-- figures: NAME -->` and `<!-- end -->`.

Belongs here: a query and a format for each block, on the published database, the seeds and dbt's variables. Words stand
in the pages. Does not: timings, which bench/run.py writes.
"""

from __future__ import annotations

import argparse
import csv
import math
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import yaml

ROOT = Path(__file__).resolve().parents[1]
GENERATED = {"SOURCES.md", "PERFORMANCE.md"}
BLOCK = re.compile(r"(<!-- figures: (?P<name>[\w.]+) -->)(?P<text>.*?)(<!-- end -->)", re.DOTALL)

BASES = ["published", "combined_area", "predecessor", "aggregated", "inherited", "stale", "estimated"]
TYPES = [
    "county",
    "district",
    "unitary",
    "metropolitan_district",
    "london_borough",
    "city_of_london",
    "isles_of_scilly",
]
# The council and indicator that docs/method.md follows through the models.
EXAMPLE = {"council": "Blackpool", "indicator": "robbery"}
# Figures that mislead where they are taken for what residents live with; docs/data-quality.md says why.
ODD = [
    ("City of London", ["theft_from_person", "shoplifting", "criminal_damage_and_arson"]),
    ("Westminster", ["theft_from_person", "robbery", "electric_vehicle_share"]),
    ("Crawley", ["weapons_possession"]),
    ("Windsor and Maidenhead", ["electric_vehicle_share"]),
    ("Peterborough", ["electric_vehicle_share"]),
    ("Stockport", ["electric_vehicle_share"]),
]

# Blocks that are one number in a sentence.
NUMBERS = {
    "councils": "SELECT count(*) FROM dim_authority",
    "reference_councils": "SELECT count(*) FROM dim_authority WHERE is_in_reference_set",
    "counties": "SELECT count(*) FROM dim_authority WHERE authority_type = 'county'",
    "indicators": "SELECT count(*) FROM dim_indicator",
    "cells": "SELECT count(*) FROM indicator_score",
    "treated_none": "SELECT count(*) FROM indicator_treatment WHERE outcome = 'none'",
    "treated_winsorised": "SELECT count(*) FROM indicator_treatment WHERE outcome = 'winsorised'",
    "treated_logged": "SELECT count(*) FROM indicator_treatment WHERE outcome = 'logged'",
    "small_areas": "SELECT count(DISTINCT small_area_code) FROM small_area_index",
    "small_area_indicators": "SELECT count(*) FROM small_area_indicator",
    "estimated_cells": "SELECT count(*) FROM indicator_score WHERE value_basis = 'estimated'",
    "stale_cells": "SELECT count(*) FROM indicator_score WHERE value_basis = 'stale'",
    "older_cells": "SELECT count(*) FROM indicator_coverage WHERE NOT is_latest_period",
    "joint_partnerships": """
        SELECT count(DISTINCT source_area_code) FROM indicator_score
        WHERE indicator_id = 'robbery' AND value_basis = 'combined_area'
    """,
    "joint_partnership_councils": """
        SELECT count(*) FROM indicator_score WHERE indicator_id = 'robbery' AND value_basis = 'combined_area'
    """,
    "london_very_high_composite": """
        SELECT count(*) FROM composite_index JOIN dim_authority USING (authority_code)
        WHERE region_name = 'London' AND need_band = 'very high'
    """,
    "london_very_high_crime": """
        SELECT count(*) FROM mission_index JOIN dim_authority USING (authority_code)
        WHERE region_name = 'London' AND need_band = 'very high' AND mission_id = 'crime'
    """,
    "london_councils": "SELECT count(*) FROM dim_authority WHERE region_name = 'London'",
    "least_alpha": "SELECT max(lower_bound) FROM framework_audit WHERE statistic = 'cronbach_alpha'",
    "least_loading": "SELECT round(max(lower_bound), 2) FROM framework_audit WHERE statistic = 'loading'",
}
DAYS = {
    "snapshot_day": "SELECT max(snapshot_date) FROM dim_source WHERE is_refreshable",
    "oldest_newest_period": "SELECT min(latest_period_end_date) FROM dim_indicator",
    "newest_period": "SELECT max(latest_period_end_date) FROM dim_indicator",
}
TABLES: dict[str, Callable[[Book], str]] = {}


def block(function: Callable[[Book], str]) -> Callable[[Book], str]:
    """Make the function's name that of a block."""
    TABLES[function.__name__] = function
    return function


class Book:
    """A publication, and what is asked of it."""

    def __init__(self, published: Path) -> None:
        self.published = published
        self.connection = duckdb.connect(str(published / "missions_index.duckdb"), read_only=True)
        self.connection.execute("SET schema = 'marts'")

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, list(parameters)).fetchall()

    def records(self, sql: str, parameters: dict[str, str]) -> list[dict[str, Any]]:
        found = self.connection.execute(sql, parameters)
        columns = [column for column, *_ in found.description or []]
        return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]

    def one(self, sql: str, *parameters: object) -> Any:
        ((value,),) = self.rows(sql, *parameters)
        return value

    @cached_property
    def variables(self) -> dict[str, Any]:
        """What dbt_project.yml sets."""
        project: dict[str, Any] = yaml.safe_load((ROOT / "dbt_project/dbt_project.yml").read_text(encoding="utf-8"))
        return dict(project["vars"])

    def text(self, name: str) -> str:
        """What a block must hold. Raises KeyError where no such block is known."""
        if name.startswith("var."):
            value = self.variables[name.removeprefix("var.")]
            return f"{value:.0%}".replace("%", " %") if isinstance(value, float) else str(value)
        if name in NUMBERS:
            return f"{self.one(NUMBERS[name]):,}"
        if name in DAYS:
            return day(self.one(DAYS[name]))
        return TABLES[name](self)


# --- README -------------------------------------------------------------------------------------------------------


@block
def ten_most_needy(book: Book) -> str:
    found = book.rows(
        """
        SELECT need_rank, authority_name, authority_type, region_name, need_score, need_band, published_share
        FROM composite_index JOIN dim_authority USING (authority_code) ORDER BY need_rank, authority_name LIMIT 10
        """
    )
    return table(
        ["Rank", "Council", "Type", "Region", "Need score", "Need band", "Own published figures"],
        [[r[0], r[1], words(r[2]), r[3], f"{r[4]:.1f}", r[5], percent(r[6])] for r in found],
    )


def in_short(description: str) -> str:
    """What a table holds and the grain of its rows, without what is said between."""
    sentences = re.split(r"(?<=[.?])\s+", description.strip())
    return " ".join([sentences[0], *(s for s in sentences[1:] if s.startswith("One row"))])


@block
def marts(book: Book) -> str:
    found = book.rows("SELECT table_name, comment FROM duckdb_tables() ORDER BY table_name")
    return table(
        ["Table", "What it holds", "Rows"],
        [[f"`{name}`", in_short(comment), f"{book.one(f'SELECT count(*) FROM {name}'):,}"] for name, comment in found],
    )


@block
def command_rank(book: Book) -> str:
    return command(book, "rank", "--mission", "health", "--region", "North East", "--top", "3")


@block
def command_profile(book: Book) -> str:
    return command(book, "profile", "hartlepool", "--top", "1")


# --- docs/method.md -----------------------------------------------------------------------------------------------


@block
def missions(book: Book) -> str:
    found = book.rows(
        """
        SELECT mission_name, indicators, mission.effective_weight, max(indicator.effective_weight),
            count(*) FILTER (indicator.weight < 1)
        FROM dim_mission AS mission JOIN dim_indicator AS indicator USING (mission_id, mission_name)
        GROUP BY ALL ORDER BY mission_name
        """
    )
    return table(
        ["Mission", "Indicators", "Of them at half weight", "Share of the composite", "Of one indicator"],
        [[r[0], r[1], r[4], percent(r[2]), f"{100 * r[3]:.2f} %"] for r in found],
    )


@block
def worked_example(book: Book) -> str:
    """Everything from the published figures, and worked out anew where the models keep it to themselves."""
    (x,) = book.records(
        """
        WITH reference AS (SELECT authority_code FROM dim_authority WHERE is_in_reference_set),
        cell AS (
            SELECT score.*, population,
                i.weight / (SELECT sum(weight) FROM dim_indicator WHERE mission_id = i.mission_id) AS w,
                m.weight / (SELECT sum(weight) FROM dim_mission) AS whole_w
            FROM indicator_score AS score JOIN dim_authority USING (authority_code)
            JOIN dim_indicator AS i USING (indicator_id) JOIN dim_mission AS m ON i.mission_id = m.mission_id
            WHERE authority_name = $council AND indicator_id = $indicator
        ),
        in_reference AS (
            SELECT min(value) AS low, max(value) AS high,
                avg(value_treated) AS mean, stddev_samp(value_treated) AS deviation
            FROM indicator_score JOIN reference USING (authority_code) WHERE indicator_id = $indicator
        ),
        of_mission AS (
            SELECT authority_code, sum(weight * need_z) / sum(weight) AS mean
            FROM indicator_score JOIN dim_indicator USING (indicator_id, mission_id)
            WHERE mission_id = (SELECT mission_id FROM cell) GROUP BY authority_code
        ),
        of_composite AS (
            SELECT authority_code, sum(weight * need_z) / sum(weight) AS mean
            FROM mission_index JOIN dim_mission USING (mission_id) GROUP BY authority_code
        )
        SELECT cell.*, in_reference.*, outcome, skewness_before, kurtosis_before,
            mission.need_z AS mission_z, mission.need_score AS mission_score, mission.need_rank AS mission_rank,
            whole.need_z AS whole_z, whole.need_score AS whole_score, whole.need_rank AS whole_rank,
            of_mission.mean AS mission_mean, of_composite.mean AS whole_mean,
            (SELECT stddev_samp(of_mission.mean) FROM of_mission JOIN reference USING (authority_code)) AS s,
            (SELECT stddev_samp(of_composite.mean) FROM of_composite JOIN reference USING (authority_code)) AS whole_s,
            (SELECT sum(contribution) FROM indicator_score WHERE authority_code = cell.authority_code) AS summed
        FROM cell CROSS JOIN in_reference JOIN indicator_treatment USING (indicator_id)
        JOIN mission_index AS mission USING (authority_code, mission_id)
        JOIN composite_index AS whole USING (authority_code)
        JOIN of_mission USING (authority_code) JOIN of_composite USING (authority_code)
        """,
        EXAMPLE,
    )
    if (x["outcome"], x["value_basis_reason"]) != ("logged", "rate of published counts"):
        raise ValueError("docs/method.md follows a logged rate of published counts: choose another EXAMPLE")
    followed = (
        math.log(x["value"] - x["low"] + 0.01 * (x["high"] - x["low"])) - x["value_treated"],
        (x["value_treated"] - x["mean"]) / x["deviation"] - x["need_z"],
        x["mission_mean"] / x["s"] - x["mission_z"],
        x["whole_mean"] / x["whole_s"] - x["whole_z"],
        x["whole_w"] * x["w"] * x["need_z"] / (x["s"] * x["whole_s"]) - x["contribution"],
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
        ("Outcome", "int_treatments", f"{x['outcome']}: {steps} winsorised values do not suffice"),
        ("Min; max of the reference set", "int_treatments", "{low:.4f}; {high:.4f}".format(**x)),
        ("ln(x - min + 0.01 (max - min))", "int_treated_values", f"{x['value_treated']:.4f}"),
        ("Mean; standard deviation of the same", "int_normalised_values", "{mean:.4f}; {deviation:.4f}".format(**x)),
        ("z; rank on the indicator", "indicator_score", "{need_z:.4f}; {need_rank}".format(**x)),
        ("Weighted mean of the mission; s", "int_node_scores", "{mission_mean:.4f}; {s:.4f}".format(**x)),
        (
            "Mission: z; score; rank",
            "mission_index",
            "{mission_z:.4f}; {mission_score:.1f}; {mission_rank}".format(**x),
        ),
        ("Weighted mean of the composite; S", "int_node_scores", "{whole_mean:.4f}; {whole_s:.4f}".format(**x)),
        ("Composite: z; score; rank", "composite_index", "{whole_z:.4f}; {whole_score:.1f}; {whole_rank}".format(**x)),
        ("W; w", "int_framework_nodes", "{whole_w:.4f}; {w:.4f}".format(**x)),
        ("Contribution", "int_contribution_factors", f"{x['contribution']:.4f}, which is {points:.1f} points of score"),
        ("Sum of all contributions", "indicator_score", f"{x['summed']:.4f}"),
    ]
    return table(["Step", "Model", "Result"], [[step, f"`{model}`", result] for step, model, result in rows])


@block
def peer_variables(book: Book) -> str:
    """The list is a seed: what is published is each council's figures."""
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
                "logarithm" if row["transformation"] == "log" else "it stands",
                ", ".join(f"`{source}`" for source in row["source_ids"].split(", ")),
                row["reason"],
            ]
            for row in found
        ],
    )


@block
def peer_example(book: Book) -> str:
    found = book.rows(
        """
        SELECT peer_rank, peer.authority_name, structure_distance, peer.authority_type
        FROM authority_peer AS peers JOIN dim_authority AS council USING (authority_code)
        JOIN dim_authority AS peer ON peer_code = peer.authority_code
        WHERE council.authority_name = ? AND peer_model = 'open' AND peer_rank <= 5 ORDER BY peer_rank
        """,
        EXAMPLE["council"],
    )
    return table(
        ["Rank", "Peer", "Distance", "Type"], [[r, name, f"{d:.2f}", words(kind)] for r, name, d, kind in found]
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


@block
def audit_of_missions(book: Book) -> str:
    found = book.rows(
        """
        PIVOT (SELECT node_name, node_id, statistic, value FROM framework_audit WHERE NOT is_indicator)
        ON statistic IN (
            'cronbach_alpha', 'mean_correlation_within', 'mean_correlation_across', 'first_component_share', 'loading',
            'correlation_with_rest'
        )
        USING max(value) GROUP BY node_name, node_id ORDER BY node_id = 'composite', node_name
        """
    )
    return table(
        ["", "Alpha", "Mean correlation within", "Across", "First component", "Loading", "With the rest"],
        [
            [name, *(f"{n:.2f}" if n is not None else "" for n in (a, w, x)), percent(share)]
            + [f"{n:.2f}" if n is not None else "" for n in (loading, rest)]
            for name, _, a, w, x, share, loading, rest in found
        ],
    )


@block
def audit_exceptions(book: Book) -> str:
    found = book.rows(
        """
        SELECT exception_reason, node_name, string_agg(statistic, ', ' ORDER BY statistic),
            string_agg(format('{:.2f}', value), ', ' ORDER BY statistic), min(exception_noted_date)
        FROM framework_audit WHERE status = 'exception'
        GROUP BY node_name, exception_reason ORDER BY bool_or(is_indicator), max(mission_id), node_name
        """
    )
    return table(
        ["Mission or indicator", "Out of bound", "Value", "Why it is kept", "Noted"],
        [
            [name, ", ".join(words(s) for s in statistics.split(", ")), value, reason, str(noted)]
            for reason, name, statistics, value, noted in found
        ],
    )


@block
def redundant_pairs(book: Book) -> str:
    found = book.rows(
        """
        SELECT node_name, other_node_name, correlation, one.weight, other.weight FROM framework_audit_pair
        JOIN dim_indicator AS one ON node_id = one.indicator_id
        JOIN dim_indicator AS other ON other_node_id = other.indicator_id
        WHERE is_redundant ORDER BY abs(correlation) DESC
        """
    )
    return table(
        ["Indicator", "And", "Correlation", "Weights"],
        [[a, b, f"{r:.3f}", f"{w:g} and {v:g}"] for a, b, r, w, v in found],
    )


# --- docs/data-quality.md -----------------------------------------------------------------------------------------


@block
def coverage_by_basis(book: Book) -> str:
    found = dict(book.rows("SELECT value_basis, count(*) FROM indicator_score GROUP BY ALL"))
    return table(
        ["Basis", "Cells", "Share"],
        [[words(b), f"{found.get(b, 0):,}", f"{100 * found.get(b, 0) / sum(found.values()):.1f} %"] for b in BASES],
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


@block
def least_published(book: Book) -> str:
    found = book.rows(
        """
        WITH shares AS (
            SELECT authority_name, authority_type, round(published_share, 6) AS share
            FROM composite_index JOIN dim_authority USING (authority_code)
        )
        SELECT share, authority_type, count(*), string_agg(authority_name, ', ' ORDER BY authority_name) FROM shares
        GROUP BY ALL ORDER BY share, authority_type LIMIT 6
        """
    )
    return table(
        ["Own published figures", "Type", "Councils", "Which"],
        [[percent(share), words(t), count, names] for share, t, count, names in found],
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
        ["Mission", "Indicator", "Newest period ends", *map(words, BASES), "Of an older period"],
        [[r[0], f"`{r[1]}`", str(r[2]), *(n or "" for n in r[4:]), r[3] or ""] for r in found],
    )


@block
def trend_basket(book: Book) -> str:
    found = book.rows(
        """
        SELECT mission_name, count(*) FILTER (is_in_basket), count(*),
            coalesce(string_agg(DISTINCT basket_reason, '; ') FILTER (NOT is_in_basket), '')
        FROM index_trend_basket JOIN dim_mission USING (mission_id) GROUP BY ALL ORDER BY mission_name
        """
    )
    return table(
        ["Mission", "In the basket", "Indicators", "Why others are not"],
        [[name, kept, whole, "; ".join(sorted(reasons.split("; ")))] for name, kept, whole, reasons in found],
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
        ["Milestone", "Number", "By", "Set in", "Exact measure", "England", "Status of England"],
        [
            [
                r[0],
                f"{r[1]} {r[2]:g} {r[3].replace('percent', '%')}",
                r[4] or "no year",
                f"[{r[5]}]({r[6]}), {day(r[7])}",
                "yes" if r[8] else "near",
                "" if r[9] is None else f"{r[9]:.1f} in {r[10]}" + ("" if r[12] else ", our mean of councils"),
                r[11],
            ]
            for r in found
        ],
    )


@block
def basis_errors(book: Book) -> str:
    found = book.rows("SELECT value_basis, error_sd, pairs, indicators FROM value_basis_error ORDER BY error_sd")
    return table(
        ["Basis", "Standard deviations", "Pairs", "Indicators"],
        [[words(basis), f"{error:.2f}", f"{pairs:,}", indicators] for basis, error, pairs, indicators in found],
    )


@block
def method_choices(book: Book) -> str:
    """The choices are a seed; how far each moves ranks by itself is published."""
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
    return table(["Factor", "Option", "Probability", "Moves a rank by, on average", "At most"], rows)


@block
def rank_widths(book: Book) -> str:
    found = book.rows(
        """
        SELECT coalesce(mission_name, 'Composite'), median(rank_percentile_95 - rank_percentile_5),
            avg((rank_percentile_95 - rank_percentile_5 <= 30)::int), avg(share_without_stated_error)
        FROM rank_uncertainty LEFT JOIN dim_mission ON index_id = mission_id
        GROUP BY mission_name ORDER BY mission_name NULLS FIRST
        """
    )
    return table(
        ["", "Median places from 5th to 95th percentile", "Councils with at most 30", "Weight without a stated error"],
        [[name, f"{width:.0f}", percent(narrow), percent(share)] for name, width, narrow, share in found],
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
        ["Source", "By itself (standard error)", "With all it does together with others (standard error)"],
        [
            [words(factor).capitalize(), f"{percent(first)} ({100 * e:.0f})", f"{percent(total)} ({100 * f:.0f})"]
            for factor, first, e, total, f in found
        ],
    )


@block
def treatments(book: Book) -> str:
    found = book.rows(
        """
        SELECT indicator_id, outcome, winsorised_values,
            skewness_before, kurtosis_before, skewness_after, kurtosis_after
        FROM indicator_treatment WHERE outcome <> 'none' ORDER BY outcome, indicator_id
        """
    )
    return table(
        ["Indicator", "Outcome", "Skewness", "Kurtosis", "Skewness after", "Kurtosis after"],
        [
            [f"`{r[0]}`", r[1] + (f", {plural(r[2], 'value')}" if r[2] else ""), *(f"{number:.2f}" for number in r[3:])]
            for r in found
        ],
    )


@block
def corrections_made(book: Book) -> str:
    found = book.rows(
        """
        SELECT area_name, min(dataset), reason, proof, noted_date
        FROM data_correction AS correction JOIN dim_source
            ON list_contains(string_split(source_ids, ', '), correction.source_id)
        GROUP BY correction_id, area_name, reason, proof, noted_date
        ORDER BY correction_id
        """
    )
    return table(
        ["Area", "Data set", "What was wrong", "Held by", "Noted"],
        [[name, data_set, reason, f"`{proof}`", str(noted)] for name, data_set, reason, proof, noted in found],
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


@block
def stale_and_estimated(book: Book) -> str:
    found = book.rows(
        """
        SELECT authority_name, value_basis, count(*),
            string_agg(
                indicator_id || CASE value_basis WHEN 'stale' THEN ' (' || year(period_end_date) || ')' ELSE '' END,
                ', ' ORDER BY indicator_id
            )
        FROM indicator_score JOIN dim_authority USING (authority_code) WHERE value_basis IN ('stale', 'estimated')
        GROUP BY authority_name, value_basis ORDER BY count(*) DESC, authority_name, value_basis
        """
    )
    return table(["Council", "Basis", "Cells", "Indicators"], [list(r) for r in found])


# --- docs/caveats.md ----------------------------------------------------------------------------------------------


@block
def energy_conversion(book: Book) -> str:
    """The multiplier of a rate that is published in thousands of tonnes."""
    multiplier = book.one(
        "SELECT rate_multiplier FROM read_csv($1) WHERE indicator_id = 'domestic_energy_use'",
        str(ROOT / "seeds/framework/indicator.csv"),
    )
    return f"{multiplier / 1000:g}"


@block
def unassigned_crime(book: Book) -> str:
    """Read from the seed: rows that belong to no council are in no mart."""
    share = book.one(
        """
        SELECT sum(CAST(value AS DOUBLE)) FILTER (partnership_name ILIKE 'unassigned%') / sum(CAST(value AS DOUBLE))
        FROM read_csv($1, all_varchar = true)
        WHERE measure = 'Total recorded crime (excluding fraud)' AND partnership_name IS NOT NULL
        """,
        str(ROOT / "seeds/observations/ons_recorded_crime.csv"),
    )
    return tenths(share)


# --- Formats ------------------------------------------------------------------------------------------------------


def table(headers: list[str], rows: list[list[object]]) -> str:
    """A Markdown table; a column of numbers stands to the right."""
    texts = [[str(cell) for cell in row] for row in rows]
    numeric = [
        all(re.fullmatch(r"[-\d.,]*( %)?( \(\d+ \\\*\))?", row[i]) for row in texts) for i in range(len(headers))
    ]
    lines = [headers, ["---:" if right else "---" for right in numeric], *texts]
    return "\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def command(book: Book, *arguments: str) -> str:
    """What a `missions` command prints, 100 characters wide."""
    environment = {k: v for k, v in os.environ.items() if k not in ("FORCE_COLOR", "TTY_COMPATIBLE")}
    ran = subprocess.run(
        [sys.executable, "-m", "missions.cli", "--published", str(book.published), *arguments],
        env={**environment, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    typed = " ".join(f'"{a}"' if " " in a else a for a in arguments)
    printed = "\n".join(line.rstrip() for line in ran.stdout.splitlines())
    return f"\n```console\n$ missions {typed}\n{printed.strip()}\n```\n"


def words(name: str) -> str:
    return {
        "london_borough": "London borough",
        "city_of_london": "City of London",
        "isles_of_scilly": "Isles of Scilly",
    }.get(name, name.replace("_", " "))


def day(value: date) -> str:
    return f"{value.day} {value:%B %Y}"


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def tenths(share: float) -> str:
    return f"{100 * share:.1f} %"


def plural(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


# --- Pages --------------------------------------------------------------------------------------------------------


def pages() -> list[Path]:
    """The pages written by hand."""
    return [ROOT / "README.md", *(p for p in sorted((ROOT / "docs").rglob("*.md")) if p.name not in GENERATED)]


def rewritten(page: str, book: Book) -> tuple[str, list[str]]:
    """The page with its blocks made anew, and the names of those that had drifted.

    Raises ValueError for a block that nobody makes, or that does not end.
    """
    drifted: list[str] = []

    def renew(match: re.Match[str]) -> str:
        try:
            text = book.text(match["name"])
        except KeyError:
            raise ValueError(f"nothing makes the block {match['name']}") from None
        if "figures:" in match["text"]:
            raise ValueError(f"the block {match['name']} has no end")
        if text != match["text"]:
            drifted.append(match["name"])
        return f"{match[1]}{text}{match[4]}"

    text = BLOCK.sub(renew, page)
    if page.count("<!-- figures:") != len(BLOCK.findall(page)):
        raise ValueError("a block has no end, or a name that cannot be read")
    return text, drifted


def drift(published: Path, write: bool) -> Iterator[str]:
    """A line for each block that had drifted; `write` brings them up to date."""
    book = Book(published)
    for path in pages():
        page = path.read_text(encoding="utf-8")
        try:
            text, drifted = rewritten(page, book)
        except ValueError as error:
            raise SystemExit(f"{path.relative_to(ROOT)}: {error}") from None
        if write and text != page:
            path.write_text(text, encoding="utf-8")
        yield from (f"{path.relative_to(ROOT)}: {name}" for name in dict.fromkeys(drifted))


def main() -> None:
    from missions.paths import PUBLISHED

    parser = argparse.ArgumentParser(description="Bring the figures of README.md and docs/ up to date.")
    parser.add_argument("--published", type=Path, default=PUBLISHED, help="folder of the publication")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a block has drifted")
    arguments = parser.parse_args()
    if not (arguments.published / "missions_index.duckdb").is_file():
        raise SystemExit(f"{arguments.published} holds no publication: run `make index` first")
    drifted = list(drift(arguments.published, write=not arguments.check))
    for line in drifted:
        print(f"{line} {'has drifted: run `make docs`' if arguments.check else 'brought up to date'}")
    if arguments.check and drifted:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
