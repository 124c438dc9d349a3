"""Councils in order of need: all, or those of an area, a type or a group of neighbours.

Belongs here: the question behind `missions rank` and `Index.rank`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from missions.errors import MissionsError, UsageError
from missions.reading.labels import Labels
from missions.reading.lookup import council, find_area, find_authority
from missions.reading.names import choose
from missions.reading.queries import ALL_SCORES, Answer, Rows, Table, ask, ask_names
from missions.reading.wording import OVERALL, PEER_MODEL, PEER_WORDS, type_words


@dataclass(frozen=True, kw_only=True)
class Filters:
    """By what and among whom councils are ranked, as people write names: the options of `missions rank`.

    `peers` is the model that defines neighbours: ons_global (the default), ons_economic, ons_demographic, dfe or open.
    """

    mission: str | None = None
    theme: str | None = None
    region: str | None = None
    combined_authority: str | None = None
    county: str | None = None
    board: str | None = None  # an NHS integrated care board
    authority_type: str | None = None
    neighbours_of: str | None = None
    peers: str | None = None

    @property
    def areas(self) -> dict[str, str | None]:
        """The areas that limit the list, by kind."""
        return {
            "region": self.region,
            "combined_authority": self.combined_authority,
            "county": self.county,
            "integrated_care_board": self.board,
        }


@dataclass(frozen=True, kw_only=True)
class Ranking(Answer[Table]):
    """Councils by rank, the filters in words, and the code of the council whose neighbours they are."""

    councils: Table
    filters: list[str]
    authority_code: str | None


def ranking(connection: duckdb.DuckDBPyConnection, asked: Filters) -> Ranking[Rows]:
    """The councils that pass all filters. Ranks are among all councils, and beside them in the list.

    Raises UsageError for an unknown name, and MissionsError if no council passes.
    """
    index_id, title = _index(connection, asked.mission, asked.theme)
    filters = [title]
    notes: list[str] = []
    code: str | None = None
    groups: list[Collection[str]] = []
    for kind, name in asked.areas.items():
        if name is not None:
            area = find_area(connection, kind, name)
            notes += area.notes
            filters.append(area.name)
            groups.append(area.authority_codes)
    authority_type = None
    if asked.authority_type:
        types = ask(connection, "SELECT DISTINCT authority_type FROM dim_authority ORDER BY ALL").values
        authority_type = choose("type", asked.authority_type, {name: type_words(name) for (name,) in types})
        filters.append(type_words(authority_type))
    peers = asked.peers
    if asked.neighbours_of:
        found = find_authority(connection, asked.neighbours_of)
        notes += found.notes
        code = found.code
        model = choose("peer model", PEER_MODEL if peers == "ons" else peers, PEER_WORDS) if peers else PEER_MODEL
        group, words = _neighbourhood(connection, code, model)
        groups.append(group)
        filters.append(words)
    elif peers:
        raise UsageError("peers needs neighbours_of: the council whose neighbours to rank")
    councils = ranked(connection, index_id, authority_type, groups)
    if not councils.values:
        raise MissionsError(f"No council is in all of {', '.join(filters[1:])}; leave one of them out.")
    councils = Labels.of(connection).completed(councils)
    return Ranking(notes=tuple(notes), councils=councils, filters=filters, authority_code=code)


def ranked(
    connection: duckdb.DuckDBPyConnection,
    index_id: str = "composite",
    authority_type: str | None = None,
    groups: Sequence[Collection[str]] = (),
) -> Rows:
    """Councils in rank order: all, or those of a type and in every one of some groups of codes."""
    return ask(
        connection,
        f"""
        SELECT index_id, index_name, need_rank, (SELECT count(*) FROM dim_authority) AS ranked_councils,
            rank() OVER (ORDER BY need_rank) AS rank_in_list, count(*) OVER () AS listed_councils, authority_code,
            authority_name, authority_type, region_name, need_score, need_band, published_share, is_mostly_published,
            is_too_uncertain_to_place, rank_note, rank_percentile_5, rank_percentile_95
        FROM ({ALL_SCORES}) JOIN dim_authority USING (authority_code)
        WHERE index_id = $index_id
            AND authority_type = coalesce($authority_type, authority_type)
            AND ($group IS NULL OR list_contains($group, authority_code))
        ORDER BY need_rank, authority_name
        """,
        index_id=index_id,
        authority_type=authority_type,
        group=sorted(set.intersection(*map(set, groups))) if groups else None,
    )


def _index(connection: duckdb.DuckDBPyConnection, mission: str | None, theme: str | None) -> tuple[str, str]:
    """The ID and name of what councils are ranked by: all missions, one mission or one theme."""
    if mission and theme:
        raise UsageError("Rank by a mission or by a theme, not by both.")
    if theme:
        themes = ask_names(connection, "SELECT theme_id, theme_name FROM dim_theme ORDER BY ALL")
        chosen = choose("theme", theme, themes)
        return chosen, themes[chosen]
    missions = ask_names(connection, "SELECT mission_id, mission_name FROM dim_mission ORDER BY ALL")
    names = {"composite": OVERALL, **missions}
    chosen = choose("mission", mission, names) if mission else "composite"
    return chosen, names[chosen]


def _neighbourhood(connection: duckdb.DuckDBPyConnection, code: str, model: str) -> tuple[list[str], str]:
    """The codes of a council and its neighbours under a model, and the group in words."""
    name = council(connection, code)["authority_name"]
    peers: list[Any] = ask(
        connection,
        "SELECT peer_code FROM authority_peer WHERE authority_code = $code AND peer_model = $model",
        code=code,
        model=model,
    ).values
    if not peers:
        models = ask(
            connection,
            "SELECT DISTINCT peer_model FROM authority_peer WHERE authority_code = $code ORDER BY ALL",
            code=code,
        ).values
        raise MissionsError(
            f"{name} has no {PEER_WORDS[model]}. Models that give it neighbours: {', '.join(m for (m,) in models)}"
        )
    return [code, *(peer for (peer,) in peers)], f"{name} and its {len(peers)} {PEER_WORDS[model]}"
