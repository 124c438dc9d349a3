"""The small areas of a council or around a postcode: their names, their need and what drives it.

Belongs here: the question behind `missions small-areas` and `Index.small_areas`.
"""

import re
from dataclasses import dataclass
from typing import Any

import duckdb

from missions.errors import UsageError
from missions.reading.labels import Labels
from missions.reading.lookup import council, find_authority
from missions.reading.name_keys import POSTCODE, name_key
from missions.reading.places import locate
from missions.reading.queries import Answer, Rows, Table, ask

# What adds most to the need of each small area: its three indicators with the largest contributions, largest first.
DRIVERS = """
    SELECT small_area_code, string_agg(indicator_title, '; ' ORDER BY place) AS raises_need
    FROM (
        SELECT small_area_code, indicator_title, need_z * effective_weight AS contribution,
            row_number() OVER (
                PARTITION BY small_area_code ORDER BY need_z * effective_weight DESC, indicator_id
            ) AS place
        FROM small_area_score JOIN small_area_indicator USING (indicator_id)
    )
    WHERE place <= 3 AND contribution > 0
    GROUP BY small_area_code
"""
_SMALL_AREAS = f"""
    SELECT area.small_area_code, area.authority_code, small_area_title, small_area_name, neighbourhood_name,
        ward_name, raises_need, area.residents, need_score, need_rank,
        rank() OVER (PARTITION BY area.authority_code ORDER BY need_rank) AS need_rank_in_council,
        (SELECT count(*) FROM dim_small_area) AS ranked_small_areas, need_decile, percentile,
        'more_need' AS higher_means
    FROM dim_small_area AS area
    JOIN small_area_index USING (small_area_code)
    LEFT JOIN ({DRIVERS}) USING (small_area_code)
    WHERE is_overall AND area.authority_code = $code
    ORDER BY need_rank, small_area_code
"""
_DOMAINS = """
    SELECT small_area_code, index_title, need_score, need_rank,
        (SELECT count(*) FROM dim_small_area) AS ranked_small_areas, need_decile, percentile,
        'more_need' AS higher_means
    FROM small_area_index WHERE small_area_code = $code ORDER BY NOT is_overall, index_title
"""
_FIGURES = """
    SELECT small_area_code, indicator_title, unit, higher_means, small_area_score.value, need_z,
        need_z * effective_weight AS contribution, is_of_whole_district
    FROM small_area_score JOIN small_area_indicator USING (indicator_id)
    WHERE small_area_code = $code ORDER BY contribution DESC, indicator_id
"""

_DISTRICTS = "SELECT authority_name FROM dim_authority WHERE county_code = $code ORDER BY ALL"


@dataclass(frozen=True, kw_only=True)
class SmallAreas(Answer[Table]):
    """The small areas of one council, highest need first.

    `small_area` is the one that a postcode is in, with its domains and figures.
    """

    authority: dict[str, Any]
    small_areas: Table
    small_area: dict[str, Any] | None
    domains: Table | None
    figures: Table | None


def small_areas_of(connection: duckdb.DuckDBPyConnection, name: str) -> SmallAreas[Rows]:
    """The small areas of a council, given by its name or code, a place in it or a postcode.

    Raises UsageError if nothing is found or the council is a county, whose districts have them.
    """
    located = locate(connection, name) if re.fullmatch(POSTCODE, name_key(name)) else None
    found = find_authority(connection, name)
    authority = council(connection, found.code)
    small_areas = ask(connection, _SMALL_AREAS, code=found.code)
    if not small_areas.values:
        districts = ask(
            connection,
            "SELECT authority_name FROM dim_authority WHERE county_code = $code ORDER BY ALL",
            code=found.code,
        ).values
        names = ", ".join(district for (district,) in districts)
        raise UsageError(f"The small areas of {authority['authority_name']} are in its districts; name one: {names}")
    small_area = located and located.small_area
    code = small_area["small_area_code"] if small_area else None
    labels = Labels.of(connection)
    return SmallAreas(
        notes=found.notes,
        authority=authority,
        small_areas=labels.completed(small_areas),
        small_area=next((row for row in small_areas.records if row["small_area_code"] == code), None),
        domains=labels.completed(ask(connection, _DOMAINS, code=code)) if code else None,
        figures=labels.completed(ask(connection, _FIGURES, code=code)) if code else None,
    )
