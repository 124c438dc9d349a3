"""The facts about a council that its sentences use, read from the marts for one council or for all at once.

Belongs here: SQL and the grouping of its rows. Nothing is calculated but counts.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb

from missions.reading.queries import SCORES, SCORES_WITHOUT_RANGES, ask
from missions.reading.wording import PEER_MODEL

Row = dict[str, Any]

CLEAR_PERCENT = 95  # a chance, rounded as pages show it, from which one council's need is clearly higher

_SCORES = """
    SELECT * FROM ({scores}) WHERE $code IS NULL OR authority_code = $code
    ORDER BY authority_code, index_id <> 'composite', index_name
"""
_CELLS = """
    SELECT score.authority_code, indicator_id, indicator_title, short_low, short_high, unit, decimals, higher_means,
        score.value_basis, score.value, score.period_end_date, score.need_rank, score.contribution,
        england.value AS england_value, england.period_end_date AS england_period_end_date
    FROM indicator_score AS score
    JOIN dim_indicator USING (indicator_id)
    LEFT JOIN (FROM indicator_benchmark WHERE area_name = 'England') AS england USING (indicator_id)
    WHERE $code IS NULL OR score.authority_code = $code
    ORDER BY score.authority_code, score.contribution DESC, indicator_id
"""
# By mart, as a publication of an earlier version may lack it: pages then leave its sentences out.
_OPTIONAL = {
    "rank_explanation": """
        SELECT authority_code, node_id AS indicator_id, england_comparison FROM rank_explanation
        WHERE level = 'indicator' AND ($code IS NULL OR authority_code = $code)
    """,
    "indicator_trend": """
        SELECT authority_code, indicator_id, direction, first_value, last_value, first_period_end_date,
            last_period_end_date
        FROM indicator_trend WHERE $code IS NULL OR authority_code = $code
    """,
    "index_trend": """
        SELECT authority_code, index_id, mission_name AS index_name, direction, edition, change_since_first,
            index_trend.indicators
        FROM index_trend JOIN dim_mission ON index_id = mission_id
        WHERE $code IS NULL OR authority_code = $code
        ORDER BY authority_code, index_name, edition
    """,
    "rank_comparison": """
        SELECT authority_code, other_authority_code, probability_needier_all_sources AS chance
        FROM rank_comparison JOIN (FROM authority_peer WHERE peer_model = $model) AS peer USING (authority_code)
        WHERE peer_code = other_authority_code AND index_id = 'composite' AND ($code IS NULL OR authority_code = $code)
        ORDER BY authority_code, peer_rank
    """,
}


@dataclass(frozen=True)
class CouncilFacts:
    """One council. Rows have the columns of the marts.

    scores: of all missions together and of each, by index; cells: one per indicator, those that add most to need first,
    with England's value, `england_comparison` and the trend's `direction`; editions: the first and last comparable
    year of each mission; chances: of its statistical neighbours, that this council's need is higher than theirs.
    """

    authority: Row
    councils: int
    scores: Mapping[str, Row]
    cells: list[Row]
    editions: list[tuple[Row, Row]] = field(default_factory=list)
    chances: list[float] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.authority["authority_name"])

    @property
    def overall(self) -> Row:
        return self.scores["composite"]

    @property
    def missions(self) -> list[Row]:
        return [row for index_id, row in self.scores.items() if index_id != "composite"]


def council_facts(connection: duckdb.DuckDBPyConnection, code: str | None = None) -> dict[str, CouncilFacts]:
    """The facts about one council, or about all, by authority_code."""
    published = {name for (name,) in ask(connection, "SELECT table_name FROM duckdb_tables()").values}
    (councils,) = ask(connection, "SELECT count(*) FROM dim_authority").values[0]
    found = {mart: _asked(connection, mart, query, code, published) for mart, query in _OPTIONAL.items()}
    query = _SCORES.format(scores=SCORES if "rank_uncertainty" in published else SCORES_WITHOUT_RANGES)
    scores = _by_council(ask(connection, query, code=code).records)
    cells = _by_council(_joined(ask(connection, _CELLS, code=code).records, found))
    editions = _by_council(found["index_trend"])
    chances = _by_council(found["rank_comparison"])
    authorities = ask(connection, "FROM dim_authority WHERE $code IS NULL OR authority_code = $code", code=code).records
    return {
        one: CouncilFacts(
            authority=authority,
            councils=councils,
            scores={row["index_id"]: row for row in scores[one]},
            cells=cells[one],
            editions=_ends(editions.get(one, [])),
            chances=[row["chance"] for row in chances.get(one, [])],
        )
        for authority in authorities
        for one in [authority["authority_code"]]
    }


def _asked(
    connection: duckdb.DuckDBPyConnection, mart: str, query: str, code: str | None, published: set[str]
) -> list[Row]:
    if mart not in published:
        return []
    model = {"model": PEER_MODEL} if "$model" in query else {}
    return ask(connection, query, code=code, **model).records


def _by_council(rows: Iterable[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["authority_code"]].append(row)
    return groups


def _joined(cells: list[Row], found: Mapping[str, list[Row]]) -> list[Row]:
    """Cells with the comparison with England and the trend of the same indicator; None where there is none."""
    nothing = {"england_comparison": None, "direction": None}
    more: dict[tuple[str, str], Row] = defaultdict(dict)
    for mart in ("rank_explanation", "indicator_trend"):
        for row in found[mart]:
            more[row["authority_code"], row["indicator_id"]] |= row
    return [nothing | more[cell["authority_code"], cell["indicator_id"]] | cell for cell in cells]


def _ends(editions: list[Row]) -> list[tuple[Row, Row]]:
    """The first and the last comparable year of each mission."""
    ends: dict[str, tuple[Row, Row]] = {}
    for row in editions:
        ends[row["index_id"]] = (ends.get(row["index_id"], (row,))[0], row)
    return list(ends.values())
