"""Every query that the pages need of the published database, run once and grouped as pages use it.

Belongs here: SQL on the marts and the grouping of its rows. Every number is in the marts already. Does not: words,
pages, files.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from missions.reading.labels import Labels
from missions.reading.lookup import Gazetteer
from missions.reading.name_keys import name_key
from missions.reading.places import PLACES_IN_ORDER
from missions.reading.queries import SCORES, SCORES_WITHOUT_RANGES, SOURCES, THEME_SCORES, ask, open_database
from missions.reading.sentences import council_facts
from missions.reading.small_areas import DRIVERS

Row = dict[str, Any]

COMPOSITE = "composite"
ENGLAND = "England"


def slug(name: str) -> str:
    """A name in the form used in addresses."""
    return name_key(name).replace(" ", "-") or "unnamed"


def grouped(rows: Iterable[Row], *keys: str) -> dict[Any, list[Row]]:
    """Rows grouped by one key or several, in their original order."""
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[keys[0]] if len(keys) == 1 else tuple(row[key] for key in keys)].append(row)
    return dict(groups)


def by(rows: Iterable[Row], *keys: str) -> dict[Any, Row]:
    """Rows by key, one per key."""
    return {row[keys[0]] if len(keys) == 1 else tuple(row[key] for key in keys): row for row in rows}


def add_pages(authorities: list[Row]) -> None:
    """Add to each council its `slug` and its page and its card. authorities: rows of dim_authority by name."""
    taken: set[str] = set()
    for authority in authorities:
        name = slug(authority["authority_name"])
        authority["slug"] = name if name not in taken else f"{name}-{authority['authority_code'].lower()}"
        authority["page"] = f"authority/{authority['slug']}.html"
        authority["card"] = f"card/{authority['slug']}.png"
        taken.add(authority["slug"])


@dataclass
class Group:
    """Councils that share a page: a region, a combined authority, an integrated care board or a type."""

    kind: str  # the folder of its page
    code: str
    name: str
    members: list[Row]
    summary: list[Row] = field(default_factory=list)  # by index; none for types

    @property
    def page(self) -> str:
        return f"{self.kind}/{slug(self.name)}.html"


class Marts:
    """The published database, read in full. A mart that the publication lacks is an empty list.

    Raises MissionsError where nothing is published.
    """

    def __init__(self, database: Path) -> None:
        with open_database(database) as self._connection:
            self._read()
        del self._connection

    def _ask(self, query: str) -> list[Row]:
        return ask(self._connection, query).records

    def _optional(self, mart: str, query: str) -> list[Row]:
        """The rows of a query on a mart that may be missing."""
        return self._ask(query) if mart in self.tables else []

    def _read(self) -> None:
        self.columns = self._ask(
            """
            SELECT table_name, column_name, data_type, comment, NOT is_nullable AS is_required
            FROM duckdb_columns() WHERE schema_name = 'marts' ORDER BY table_name, column_index
            """
        )
        self.table_descriptions = self._ask(
            """
            SELECT table_name, comment, estimated_size AS rows FROM duckdb_tables() WHERE schema_name = 'marts'
            ORDER BY table_name
            """
        )
        self.tables = {row["table_name"] for row in self.table_descriptions}
        self._read_authorities()
        self._read_indicators()
        self._read_scores()
        self._read_groups()
        self._read_explanations()
        self._read_changes()
        self._read_small_areas()
        self._read_frameworks()
        self._read_places()

    def _read_places(self) -> None:
        self.postcodes = self._optional(
            "dim_postcode",
            """
            SELECT postcode_sector, small_area_code, units, small_area_title, ward_name, authority_code
            FROM dim_postcode JOIN dim_small_area USING (small_area_code) ORDER BY postcode_sector, small_area_code
            """,
        )
        self.places = self._optional("dim_place", PLACES_IN_ORDER)

    def _read_authorities(self) -> None:
        self.authorities = self._ask("FROM dim_authority ORDER BY authority_name, authority_code")
        add_pages(self.authorities)
        self.authority = by(self.authorities, "authority_code")
        self.boundaries = self._ask("FROM dim_boundary ORDER BY layer, area_code")
        self.area_codes = self._ask("FROM dim_area_code ORDER BY area_name, area_code, authority_code")
        self.gazetteer = Gazetteer(self._connection)
        self.labels = Labels.of(self._connection)
        self.facts = council_facts(self._connection)

    def _read_indicators(self) -> None:
        self.missions = self._ask("FROM dim_mission ORDER BY mission_name")
        self.mission = by(self.missions, "mission_id")
        self.themes = self._ask("FROM dim_theme ORDER BY mission_id, theme_name")
        self.nodes = self._ask("SELECT node_id, parent_id, weight FROM dim_framework_node ORDER BY depth, node_id")
        self.indicators = self._ask(
            f"""
            SELECT i.*, t.* EXCLUDE (indicator_id), s.snapshot_date, s.is_refreshable
            FROM dim_indicator AS i
            JOIN indicator_treatment AS t USING (indicator_id)
            LEFT JOIN ({SOURCES}) AS s USING (source_id)
            ORDER BY mission_name, theme_name, indicator_title
            """
        )
        for indicator in self.indicators:
            indicator["page"] = f"indicator/{indicator['indicator_id']}.html"
        self.indicator = by(self.indicators, "indicator_id")
        self.by_mission = grouped(self.indicators, "mission_id")
        self.benchmark = by(self._ask("FROM indicator_benchmark ORDER BY ALL"), "area_code", "indicator_id")
        self.regions = self._ask("SELECT DISTINCT region_code, region_name FROM dim_authority ORDER BY region_name")
        areas = {row["area_name"]: row["area_code"] for row in self.benchmark.values()}
        self.england_code = areas.get(ENGLAND)
        self.sources = self._ask(SOURCES)
        self.source = by(self.sources, "source_id")
        self.files = self._ask("FROM dim_source ORDER BY publisher, dataset, path")
        self.corrections = self._ask("FROM data_correction ORDER BY correction_id")

    def _read_scores(self) -> None:
        query = SCORES if "rank_uncertainty" in self.tables else SCORES_WITHOUT_RANGES
        scores = self._ask(f"SELECT * FROM ({query}) ORDER BY index_name <> 'All missions', index_name, need_rank")
        uncertainty = by(self._optional("rank_uncertainty", "FROM rank_uncertainty"), "authority_code", "index_id")
        for row in scores:
            row["uncertainty"] = uncertainty.get((row["authority_code"], row["index_id"]))
            row["authority"] = self.authority[row["authority_code"]]
        scores.sort(key=lambda r: (r["index_id"] != COMPOSITE, r["index_name"], r["need_rank"], r["authority"]["slug"]))
        self.indices = {row["index_id"]: row["index_name"] for row in scores}
        self.by_index = grouped(scores, "index_id")
        self.scores = {code: by(rows, "index_id") for code, rows in grouped(scores, "authority_code").items()}
        themes = self._ask(f"SELECT * FROM ({THEME_SCORES}) ORDER BY mission_name, index_name, need_rank")
        for row in themes:
            row["authority"] = self.authority[row["authority_code"]]
            row["uncertainty"] = None
        themes.sort(key=lambda r: (r["mission_name"], r["index_name"], r["need_rank"], r["authority"]["slug"]))
        self.by_theme = grouped(themes, "index_id")
        self.theme_scores = {code: by(rows, "index_id") for code, rows in grouped(themes, "authority_code").items()}
        cells = self._ask("FROM indicator_score ORDER BY authority_code, indicator_id")
        self.cell = by(cells, "authority_code", "indicator_id")
        self.cells_of_indicator = grouped(cells, "indicator_id")
        trend = self._ask(
            """
            SELECT authority_code, indicator_id, period_start_date, period_end_date, value, value_lower_95,
                value_upper_95, value_basis
            FROM indicator_value ORDER BY authority_code, indicator_id, period_end_date
            """
        )
        self.trend = grouped(trend, "authority_code", "indicator_id")
        self.direction = by(self._optional("indicator_trend", "FROM indicator_trend"), "authority_code", "indicator_id")
        self.editions = grouped(
            self._optional("index_trend", "FROM index_trend ORDER BY authority_code, index_id, edition"),
            "authority_code",
            "index_id",
        )
        self.basket = by(self._optional("index_trend_basket", "FROM index_trend_basket"), "indicator_id")
        self.choices = grouped(
            self._optional(
                "rank_by_method_choice",
                """
                FROM rank_by_method_choice WHERE index_id = 'composite'
                ORDER BY authority_code, need_rank, factor, option
                """,
            ),
            "authority_code",
        )
        self.without = grouped(
            self._optional("leave_one_out", "FROM leave_one_out ORDER BY indicator_id, authority_code"), "indicator_id"
        )
        self.sensitivity = self._optional(
            "rank_sensitivity",
            "FROM rank_sensitivity ORDER BY index_id <> 'composite', index_id, total_order_share DESC",
        )

    def _read_groups(self) -> None:
        regions = grouped(self._ask("FROM region_summary"), "region_code")
        combined = grouped(self._ask("FROM combined_authority_summary"), "combined_authority_code")
        boards = grouped(
            self._optional("integrated_care_board_summary", "FROM integrated_care_board_summary"),
            "integrated_care_board_code",
        )
        self.groups: list[Group] = []
        kinds: tuple[tuple[str, str, str, dict[str, list[Row]]], ...] = (
            ("region", "region_code", "region_name", regions),
            ("combined-authority", "combined_authority_code", "combined_authority_name", combined),
            ("integrated-care-board", "integrated_care_board_code", "integrated_care_board_name", boards),
            ("type", "authority_type", "authority_type", {}),
        )
        for kind, code, name, summaries in kinds:
            if kind == "integrated-care-board" and not boards:
                continue
            members = grouped((a for a in self.authorities if a[code]), code)
            names = {row[code]: row[name] for rows in [*members.values(), *summaries.values()] for row in rows}
            self.groups += [
                Group(kind, group_code, names[group_code], members.get(group_code, []), self._in_order(summary))
                for group_code in sorted(names, key=lambda group_code: names[group_code])
                for summary in [summaries.get(group_code, [])]
            ]

    def _in_order(self, rows: list[Row]) -> list[Row]:
        order = list(self.indices)
        return sorted(rows, key=lambda row: order.index(row["index_id"]))

    def _read_explanations(self) -> None:
        self.peers = grouped(
            self._ask("FROM authority_peer ORDER BY authority_code, peer_model, peer_rank"), "authority_code"
        )
        self.explanation = grouped(
            self._optional("rank_explanation", "FROM rank_explanation ORDER BY ALL"), "authority_code"
        )
        self.comparison = by(
            self._optional("rank_comparison", "FROM rank_comparison WHERE index_id = 'composite'"),
            "authority_code",
            "other_authority_code",
        )
        self.milestones = self._optional(
            "dim_milestone",
            """
            SELECT dim_milestone.*, decimals FROM dim_milestone LEFT JOIN dim_indicator USING (indicator_id)
            ORDER BY dim_milestone.mission_id, milestone_title
            """,
        )
        self.progress = by(self._optional("milestone_progress", "FROM milestone_progress"), "area_code", "milestone_id")
        self.audit = self._optional("framework_audit", "FROM framework_audit ORDER BY ALL")
        self.quality = self._optional("framework_quality", "FROM framework_quality ORDER BY ALL")

    def _read_changes(self) -> None:
        self.changes = self._optional("publication_change", "FROM publication_change ORDER BY ALL")
        self.changes_of = grouped(self.changes, "authority_code")

    def _read_small_areas(self) -> None:
        parts = self._optional(
            "small_area_index",
            "SELECT DISTINCT index_id, index_title FROM small_area_index WHERE NOT is_overall ORDER BY index_id",
        )
        self.parts = {row["index_id"]: row["index_title"] for row in parts}
        ranks = "".join(f", max(need_rank) FILTER (index_id = '{part}') AS {part}_rank" for part in self.parts)
        rows = self._optional(
            "dim_small_area",
            f"""
            SELECT small_area_code, authority_code, any_value(small_area_title) AS small_area_title,
                any_value(ward_name) AS ward_name, any_value(raises_need) AS raises_need, 'more_need' AS higher_means,
                any_value(small_area_index.residents) AS residents,
                max(need_rank) FILTER (is_overall) AS need_rank, max(need_decile) FILTER (is_overall) AS need_decile
                {ranks}
            FROM small_area_index
            JOIN dim_small_area USING (small_area_code, authority_code)
            LEFT JOIN ({DRIVERS}) USING (small_area_code)
            GROUP BY small_area_code, authority_code ORDER BY need_rank, small_area_code
            """,
        )
        self.small_areas_of_england = len(rows)
        self.small_area_indicators = self._optional(
            "small_area_indicator", "FROM small_area_indicator ORDER BY index_id, indicator_title"
        )
        self.small_areas = grouped(rows, "authority_code")
        for county, districts in grouped((a for a in self.authorities if a["county_code"]), "county_code").items():
            inside = [row for district in districts for row in self.small_areas.get(district["authority_code"], [])]
            self.small_areas[county] = sorted(inside, key=lambda row: (row["need_rank"], row["small_area_code"]))
        self.inequality = by(
            self._optional(
                "authority_inequality",
                """
                SELECT authority_code, index_id, 'more_need' AS higher_means,
                    * EXCLUDE (authority_code, index_id)
                FROM authority_inequality
                WHERE index_id IN (SELECT DISTINCT index_id FROM small_area_index WHERE is_overall)
                """,
            ),
            "authority_code",
        )

    def _read_frameworks(self) -> None:
        self.context_indicators = self._optional(
            "dim_context_indicator", "FROM dim_context_indicator ORDER BY indicator_title"
        )
        self.context_values = grouped(
            self._optional(
                "context_value", "FROM context_value ORDER BY indicator_id, authority_code, period_end_date"
            ),
            "indicator_id",
        )
        self.framework_comparison = self._optional(
            "framework_comparison",
            "FROM framework_comparison WHERE other_framework_id = 'first' ORDER BY authority_code, index_id",
        )
        self.findings = self._optional("published_finding", "FROM published_finding ORDER BY index_id, finding_id")

    @cached_property
    def bands(self) -> list[str]:
        """The five bands, highest need first."""
        return list(dict.fromkeys(row["need_band"] for row in self.by_index[COMPOSITE]))

    def neighbours(self, authority: Row) -> tuple[str, list[str]]:
        """The peer model of a council and the codes of its peers: ONS's model, else DfE's, else any."""
        models = grouped(self.peers.get(authority["authority_code"], []), "peer_model")
        model = next((name for name in ("ons_global", "dfe", *models) if name in models), "")
        return model, [row["peer_code"] for row in models.get(model, [])]
