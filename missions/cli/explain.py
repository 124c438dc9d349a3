"""The commands that say why: explain one council's rank, compare a few councils.

Belongs here: the questions and what of the answers is shown, in words. Contributions, and how far a figure would have
to move, are worked out in the models of rank_explanation.
"""

from typing import Annotated, Any

import duckdb
import typer
from rich.console import Console
from rich.text import Text

from missions.cli.app import EXPLAIN, Csv, Json, app
from missions.cli.printing import (
    new_console,
    printed_as_data,
    show_drivers,
    show_notes,
    show_score_notes,
    table_of,
)
from missions.errors import UsageError
from missions.reading.names import find_authority
from missions.reading.queries import SCORES, SOURCES, ask, open_published
from missions.reading.wording import in_words, period_words, type_words, unit_words, value_words

MOST = 5  # councils side by side
NAMED = 3  # indicators named in a sentence

# Every row of the mart for one council or a few, with the figures that its indicators rest on.
_EXPLAINED = f"""
    SELECT
        explained.authority_code, authority_name, level, node_id, node_name, explained.mission_id, explained.theme_id,
        unit, higher_means, score.value_basis, value_basis_reason,
        coalesce(source.publisher, indicator.publisher) AS publisher, caveat, england_comparison,
        explained.* EXCLUDE (
            authority_code, level, node_id, node_name, mission_id, theme_id, england_comparison, contribution
        ),
        explained.contribution, score.value, value_lower_95, value_upper_95, need_z, need_rank,
        england.value AS latest_england_value, england.value_basis AS latest_england_value_basis,
        england.period_end_date AS latest_england_period_end_date, period_start_date, score.period_end_date
    FROM rank_explanation AS explained
    JOIN dim_authority USING (authority_code)
    LEFT JOIN indicator_score AS score
        ON explained.authority_code = score.authority_code AND level = 'indicator' AND node_id = score.indicator_id
    LEFT JOIN dim_indicator AS indicator ON score.indicator_id = indicator.indicator_id
    LEFT JOIN ({SOURCES}) AS source ON score.source_id = source.source_id
    LEFT JOIN indicator_benchmark AS england
        ON score.indicator_id = england.indicator_id AND england.area_name = 'England'
    WHERE list_contains($codes, explained.authority_code)
    ORDER BY list_position($codes, explained.authority_code),
        list_position(['composite', 'mission', 'theme', 'indicator'], level), explained.contribution DESC, node_id
"""
_SCORES = f"""
    SELECT authority_code, authority_name, authority_type, region_name, index_id, index_name, need_band, need_z,
        need_score, need_rank, need_rank_in_type, need_decile, published_share, is_mostly_published,
        count(*) OVER (PARTITION BY index_id) AS authorities,
        count(*) OVER (PARTITION BY index_id, authority_type) AS authorities_of_type
    FROM ({SCORES}) JOIN dim_authority USING (authority_code)
    QUALIFY list_contains($codes, authority_code)
    ORDER BY list_position($codes, authority_code), index_id <> 'composite', index_name
"""
# Who stands on the other side of each comparison, as in the mart.
_GROUPS = """
    SELECT
        (SELECT count(*) FROM dim_authority WHERE is_in_reference_set) AS of_england,
        (SELECT count(*) FROM dim_authority AS other WHERE other.is_in_reference_set
            AND other.region_code = one.region_code AND other.authority_code <> one.authority_code) AS of_region,
        (SELECT count(*) FROM dim_authority AS other
            WHERE other.authority_type = one.authority_type AND other.authority_code <> one.authority_code) AS of_type,
        (SELECT count(*) FROM authority_peer AS peer
            WHERE peer.authority_code = one.authority_code AND peer_model = 'ons_global') AS of_neighbours
    FROM dim_authority AS one WHERE authority_code = $code
"""
_BANDS = ["very high", "high", "medium", "low", "very low"]


@app.command(rich_help_panel=EXPLAIN)
def explain(
    ctx: typer.Context,
    words: Annotated[
        list[str], typer.Argument(metavar="NAME-OR-CODE", help="A council's name or code, of today or before.")
    ],
    top: Annotated[
        int, typer.Option(min=1, help="How many indicators to show each way; --json and --csv have all.")
    ] = 5,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Say why a council has its rank, what separates it from others and what would move it a band."""
    with open_published(ctx) as connection:
        code = find_authority(connection, " ".join(words))
        (authority,) = ask(connection, "FROM dim_authority WHERE authority_code = $code", code=code).records
        scores = ask(connection, _SCORES, codes=[code]).records
        explained = ask(connection, _EXPLAINED, codes=[code])
        (groups,) = ask(connection, _GROUPS, code=code).records
    whole = {"authority": authority, "scores": scores, "groups": groups, "explanation": explained.records}
    if printed_as_data(explained, as_json, as_csv, whole):
        return
    console = new_console()
    records = explained.records
    (composite,) = (r for r in records if r["level"] == "composite")
    indicators = [r for r in records if r["level"] == "indicator"]
    _show_rank(console, scores[0])
    _show_contributions(console, scores, records)
    drivers = [
        r
        | {
            "indicator_title": r["node_name"],
            "england_value": r["latest_england_value"],
            "england_value_basis": r["latest_england_value_basis"],
            "england_period_end_date": r["latest_england_period_end_date"],
        }
        for r in indicators
    ]
    raising = [r for r in drivers if r["contribution"] > 0][:top]
    lowering = [r for r in reversed(drivers) if r["contribution"] < 0][:top]
    show_drivers(console, "What raises its need most", raising)
    show_drivers(console, "What lowers its need most", lowering)
    show_notes(console, raising + lowering)
    _show_separation(console, authority, groups, composite, indicators)
    _show_limits(console, indicators)
    _show_band_changes(console, scores, composite, indicators)


@app.command(rich_help_panel=EXPLAIN)
def compare(
    ctx: typer.Context,
    names: Annotated[
        list[str],
        typer.Argument(metavar="NAME NAME [NAME]...", help=f"2 to {MOST} councils; names of two words in quotes."),
    ],
    top: Annotated[int, typer.Option(min=1, help="How many indicators to show; --json and --csv have all.")] = 8,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Put councils side by side: scores, ranks and the indicators that separate them most. --csv has the indicators."""
    with open_published(ctx) as connection:
        codes = list(dict.fromkeys(find_authority(connection, name) for name in names))
        if not 2 <= len(codes) <= MOST:
            raise UsageError(f"give the names of 2 to {MOST} different councils, each of more than one word in quotes")
        scores = ask(connection, _SCORES, codes=codes).records
        indicators = ask(
            connection,
            f"""
            SELECT *, 10 * (max(contribution) OVER of_node - min(contribution) OVER of_node) AS points_apart
            FROM ({_EXPLAINED}) WHERE level = 'indicator'
            WINDOW of_node AS (PARTITION BY node_id)
            ORDER BY points_apart DESC, node_id, list_position($codes, authority_code)
            """,
            codes=codes,
        )
        chances = _chances(connection, codes)
    whole = {"scores": scores, "chances": chances, "indicators": indicators.records}
    if printed_as_data(indicators, as_json, as_csv, whole):
        return
    console = new_console()
    _show_side_by_side(console, scores)
    _show_chances(console, scores, chances)
    _show_differences(console, indicators.records, len(codes), top)


def _chances(connection: duckdb.DuckDBPyConnection, codes: list[str]) -> list[dict[str, Any]]:
    """How likely one is needier than another: for pairs that are neighbours or of one type, where it is published."""
    if not ask(connection, "SELECT 1 FROM duckdb_tables() WHERE table_name = 'rank_comparison'").values:
        return []
    return ask(
        connection,
        """
        SELECT authority_code, other_authority_code, probability_needier_sampling_error, probability_needier_all_sources
        FROM rank_comparison
        WHERE index_id = 'composite' AND list_contains($codes, other_authority_code)
            AND list_position($codes, authority_code) < list_position($codes, other_authority_code)
        ORDER BY list_position($codes, authority_code), list_position($codes, other_authority_code)
        """,
        codes=codes,
    ).records


# --- Explain ----------------------------------------------------------------------------------------------------------


def _show_rank(console: Console, score: dict[str, Any]) -> None:
    console.print(score["authority_name"], style="bold")
    of_type = f"{score['need_rank_in_type']} of {score['authorities_of_type']} of its type"
    in_type = f", {of_type}" if score["need_rank_in_type"] else ""
    console.print(
        f"{type_words(score['authority_type'])}, {score['region_name']}. Rank {score['need_rank']} of "
        f"{score['authorities']}{in_type}: {score['need_band']} need. Need score {score['need_score']:.1f}, "
        f"{_points(score['need_score'] - 100)} against the average place of 100; "
        f"{round(100 * score['published_share'])} % of the weight rests on the council's own published figures."
    )


def _show_contributions(console: Console, scores: list[dict[str, Any]], records: list[dict[str, Any]]) -> None:
    """Missions with their themes: points of score, and points apart from others."""
    console.print()
    console.print("What its score is made of, in points", style="bold")
    ranks = {r["index_id"]: r["need_rank"] for r in scores}
    columns = ["points_above_england", "points_above_region", "points_above_type", "points_above_neighbours"]

    def row(record: dict[str, Any], indent: str = "") -> list[str | Text]:
        numbers = ["-" if record[c] is None else _signed(record[c]) for c in columns]
        return [indent + record["node_name"], str(ranks.get(record["node_id"], "")), *numbers]

    rows: list[list[str | Text]] = []
    for mission in (r for r in records if r["level"] == "mission"):
        rows.append([Text(str(cell), style="bold") for cell in row(mission)])
        rows += [row(r, "  ") for r in records if r["level"] == "theme" and r["mission_id"] == mission["node_id"]]
    (composite,) = (r for r in records if r["level"] == "composite")
    total = row(composite | {"node_name": "All missions", "node_id": "composite"})
    headings = {"Mission and theme": "left"} | dict.fromkeys(
        ["Rank", "England", "Region", "Type", "Neighbours"], "right"
    )
    console.print(table_of(headings, [*rows, total], bold=len(rows), line_after=len(rows) - 1))
    console.print(
        "England: points that it adds to the score, which is its distance from the mean of the reference set. Region, "
        "type and neighbours: its distance from their means. All add up.",
        style="dim",
    )


def _show_separation(
    console: Console,
    authority: dict[str, Any],
    groups: dict[str, Any],
    composite: dict[str, Any],
    indicators: list[dict[str, Any]],
) -> None:
    """One sentence for each of those that it is held against."""
    console.print()
    console.print("What separates it from others", style="bold")
    console.print(f"{_points(composite['points_above_england'])} against England, as above.")
    others = {
        "region": f"the {groups['of_region']} other councils of its region ({authority['region_name']})",
        "type": f"the {groups['of_type']} other councils of its type ({type_words(authority['authority_type'])})",
        "neighbours": f"its {groups['of_neighbours']} ONS statistical neighbours",
    }
    for group, words in others.items():
        column = f"points_above_{group}"
        apart = composite[column]
        if apart is None:
            continue
        ordered = sorted(indicators, key=lambda r: (-r[column], r["node_id"]))
        raising = [f"{r['node_name']} ({_signed(r[column])})" for r in ordered[:NAMED] if r[column] > 0]
        lowering = [f"{r['node_name']} ({_signed(r[column])})" for r in ordered[: -NAMED - 1 : -1] if r[column] < 0]
        console.print(
            f"{_points(apart)} against {words}. More need: {'; '.join(raising) or 'none'}. "
            f"Less need: {'; '.join(lowering) or 'none'}."
        )


def _show_limits(console: Console, indicators: list[dict[str, Any]]) -> None:
    """The figures with published limits, beside England's."""
    console.print()
    console.print("Against England within published 95 % limits", style="bold")
    limited = [r for r in indicators if r["england_comparison"] != "no limits published"]
    order = ["higher need", "lower need", "similar", "no figure for England"]
    rows: list[list[str | Text]] = [
        [
            r["node_name"],
            value_words(r["value"], r["unit"]),
            f"{value_words(r['value_lower_95'], r['unit'])} to {value_words(r['value_upper_95'], r['unit'])}",
            "-" if r["england_value"] is None else value_words(r["england_value"], r["unit"]),
            r["england_comparison"],
        ]
        for r in sorted(limited, key=lambda r: order.index(r["england_comparison"]))
    ]
    if rows:
        headings = {"Indicator": "left"} | dict.fromkeys(["Value", "Limits", "England"], "right")
        console.print(table_of(headings | {"Its need is": "left"}, rows))
    console.print(
        f"Higher or lower: England's figure of the same period lies outside the limits. For "
        f"{len(indicators) - len(limited)} of {len(indicators)} indicators no limits are published.",
        style="dim",
    )


def _show_band_changes(
    console: Console, scores: list[dict[str, Any]], composite: dict[str, Any], indicators: list[dict[str, Any]]
) -> None:
    """What would move it a band each way: the smallest change of one figure, and the smallest of each other mission."""
    console.print()
    console.print("What would move it a band", style="bold")
    titles = {r["index_id"]: r["index_name"] for r in scores}
    band = _BANDS.index(scores[0]["need_band"])
    has_rows = False
    for side, step in (("needier", -1), ("less_needy", 1)):
        gap = composite[f"points_to_{side}_band"]
        if gap is None:
            console.print(f"There is no {in_words(side)} band than its own.")
            continue
        direction = "above" if step == -1 else "below"
        console.print(f"Need is {_BANDS[band + step]} from {abs(gap):.2f} points {direction} its score.")
        changes = {r[f"{side}_band_change_order"]: r for r in indicators if r[f"{side}_band_change_order"]}
        first_of_missions: dict[str, dict[str, Any]] = {}
        for order in sorted(changes):
            first_of_missions.setdefault(changes[order]["mission_id"], changes[order])
        rows: list[list[str | Text]] = [
            [
                Text(r["node_name"]) + Text(f"\n{titles[r['mission_id']]}; {_unit_and_basis(r)}", style="dim"),
                value_words(r["value"], r["unit"]),
                value_words(r[f"{side}_band_value"], r["unit"]),
                f"{abs(r[f'{side}_band_deviations']):.1f}",
                f"{r['need_rank']} to {r[f'{side}_band_need_rank']}",
            ]
            for r in first_of_missions.values()
        ]
        if rows:
            has_rows = True
            headings = {"One figure that would do": "left"} | dict.fromkeys(
                ["Now", "Needed", "Deviations", "Rank"], "right"
            )
            console.print(table_of(headings, rows, bold=0))
        else:
            console.print(
                "No figure of its own would do alone: each would have to pass the values at which figures are cut."
            )
    if has_rows:
        console.print(
            "The smallest change, in standard deviations among councils, comes first, then the smallest of each other "
            "mission. With one of these figures changed and no other, the index made again has it in that band.",
            style="dim",
        )


# --- Compare ----------------------------------------------------------------------------------------------------------


def _show_side_by_side(console: Console, scores: list[dict[str, Any]]) -> None:
    """Scores and ranks, a line for each council."""
    names = list(dict.fromkeys(r["index_name"] for r in scores))
    rows: list[list[str | Text]] = []
    for code in dict.fromkeys(r["authority_code"] for r in scores):
        own = [r for r in scores if r["authority_code"] == code]
        small_print = f"{type_words(own[0]['authority_type'])}, {own[0]['region_name']}, {own[0]['need_band']} need"
        cells = [
            Text(f"{r['need_score']:.1f}")
            + Text(f"\n{r['need_rank']}{'' if r['is_mostly_published'] else '*'}", style="dim")
            for r in own
        ]
        rows.append([Text(own[0]["authority_name"], style="bold") + Text(f"\n{small_print}", style="dim"), *cells])
    console.print(f"Need score, and rank of {scores[0]['authorities']}", style="bold")
    console.print(table_of({"Council": "left"} | dict.fromkeys(names, "left"), rows))
    show_score_notes(console, scores)


def _show_chances(console: Console, scores: list[dict[str, Any]], chances: list[dict[str, Any]]) -> None:
    """A sentence for each pair that the draws compare."""
    names = {r["authority_code"]: r["authority_name"] for r in scores}
    others = len(names) * (len(names) - 1) // 2 - len(chances)
    console.print()
    console.print("How sure the order is", style="bold")
    for r in chances:
        console.print(
            f"{names[r['authority_code']]} has more need than {names[r['other_authority_code']]} in "
            f"{100 * r['probability_needier_all_sources']:.0f} % of draws over all choices and errors, in "
            f"{100 * r['probability_needier_sampling_error']:.0f} % over sampling errors alone."
        )
    if others:
        pairs = f"{'other ' if chances else ''}{'pair is' if others == 1 else 'pairs are'}"
        console.print(f"{others} {pairs} not compared, being neither neighbours nor of one type.")


def _show_differences(console: Console, records: list[dict[str, Any]], councils: int, top: int) -> None:
    """The indicators whose contributions lie furthest apart, each with the councils' figures."""
    console.print()
    console.print("What separates them most", style="bold")
    rows: list[list[str | Text]] = []
    for start in range(0, min(top * councils, len(records)), councils):
        group = records[start : start + councils]
        unit = unit_words(group[0]["unit"])
        heading = f"{group[0]['node_name']}{f', {unit}' if unit else ''}: {group[0]['points_apart']:.1f} points apart"
        rows.append([Text(heading, style="bold"), "", "", "", ""])
        rows += [
            [
                Text(f"  {r['authority_name']}\n  ")
                + Text(f"{period_words(r['period_start_date'], r['period_end_date'])}; {_basis(r)}", style="dim"),
                value_words(r["value"], r["unit"]),
                "-" if r["england_comparison"].startswith("no") else r["england_comparison"],
                str(r["need_rank"]),
                _signed(r["contribution_points"]),
            ]
            for r in group
        ]
    headings = {
        "Indicator and council": "left",
        "Value": "right",
        "To England": "right",
        "Rank": "right",
        "Points": "right",
    }
    console.print(table_of(headings, rows))
    console.print(
        "Points are what the indicator adds to the need score. To England: whether England's figure lies outside the "
        "published limits of the council's, where there are any.",
        style="dim",
    )


# --- Words ------------------------------------------------------------------------------------------------------------


def _signed(number: float) -> str:
    text = f"{number:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text


def _points(points: float) -> str:
    return f"{_signed(points)} points"


def _basis(record: dict[str, Any]) -> str:
    basis = in_words(record["value_basis"])
    return basis if record["value_basis"] == "published" else f"{basis} ({record['value_basis_reason']})"


def _unit_and_basis(record: dict[str, Any]) -> str:
    return "; ".join(filter(None, [unit_words(record["unit"]), _basis(record)]))
