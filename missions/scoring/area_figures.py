"""The figures of areas that someone draws: worked out from those of councils by the warehouse's own model.

Belongs here: the parts of each area as inputs of the model, and the figure that counts, with its basis and its error.
The publication is attached as `published`; scores are in regroup.py and ranks in area_ranks.py.
"""

from collections.abc import Sequence

import duckdb

from missions.scoring.areas import Area
from missions.scoring.chain import run_model
from missions.scoring.model_names import AREA_FIGURES
from missions.scoring.models import rendered

# A whole county's own figures stand for its districts: the parts of an area are tried with them (choice 1) and without.
_PARTS = """
CREATE TABLE area_part AS
WITH whole_county AS (
    SELECT member.area_number, county.county_code
    FROM area_member AS member
    JOIN published.marts.dim_authority AS county USING (authority_code)
    JOIN area USING (area_number)
    WHERE county.county_code IS NOT NULL AND member.share > 1 - 1e-9 AND area.whole_council IS NULL
    GROUP BY ALL
    HAVING count(*) = (SELECT count(*) FROM published.marts.dim_authority AS a WHERE a.county_code = county.county_code)
), part AS (
    SELECT 2 AS choice, area_number, authority_code, share
    FROM area_member JOIN area USING (area_number) WHERE area.whole_council IS NULL
    UNION ALL
    SELECT DISTINCT 1, member.area_number, coalesce(whole_county.county_code, member.authority_code), member.share
    FROM area_member AS member
    JOIN published.marts.dim_authority AS council USING (authority_code)
    LEFT JOIN whole_county
        ON whole_county.area_number = member.area_number AND whole_county.county_code = council.county_code
    WHERE member.area_number IN (SELECT area_number FROM whole_county)
)
SELECT choice, area_number, area_number || '/' || choice AS whole_code, authority_code, share,
    area_number || '/' || choice || '/' || authority_code AS part_code
FROM part
ORDER BY ALL
"""

# The inputs of the model: each part of an area is to it a district of a county, weighing what lies in the area.
_INPUTS = """
CREATE OR REPLACE TABLE int_authorities AS
SELECT part_code AS authority_code, whole_code AS county_code FROM area_part;

CREATE TABLE stg_indicators AS
SELECT indicator_id, weighting_population, NULL::DOUBLE AS rate_multiplier FROM published.marts.dim_indicator;

CREATE TABLE int_weighting_populations AS
SELECT part.whole_code AS area_code, population_id, year, sum(part.share * people) AS people
FROM area_part AS part JOIN published.marts.weighting_population USING (authority_code)
GROUP BY ALL;

CREATE TABLE int_authority_figures AS
SELECT part.part_code AS authority_code, part.whole_code, figure.indicator_id, figure.source_id, figure.value_basis,
    figure.basis_rank, figure.value, part.share, part.share * figure.part_weight AS part_weight,
    part.share * figure.weighting_people AS weighting_people,
    figure.period_start_date, figure.last_period_end_date, figure.period_end_date
FROM area_part AS part
JOIN published.marts.area_part AS figure USING (authority_code)
ORDER BY figure.indicator_id, part.part_code, figure.period_end_date, figure.basis_rank;

CREATE TABLE stg_small_area_residents (small_area_code VARCHAR, residents DOUBLE);
CREATE TABLE stg_indicator_measures (indicator_id VARCHAR, source_id VARCHAR, measure VARCHAR, role VARCHAR);
CREATE TABLE stg_small_area_observations (source_id VARCHAR, measure VARCHAR, small_area_code VARCHAR,
    authority_code VARCHAR, value DOUBLE, period_start_date DATE, period_end_date DATE);
"""

_USED = """
CREATE TABLE chosen AS
SELECT part.area_number, figures.*
FROM int_aggregated_figures AS figures
JOIN (SELECT DISTINCT choice, area_number, whole_code FROM area_part) AS part
    ON figures.authority_code = part.whole_code
QUALIFY row_number() OVER (
    PARTITION BY part.area_number, figures.indicator_id ORDER BY part.choice, figures.period_end_date DESC
) = 1;

-- The parts with a figure that counts. For the rest the councils' own cells are taken, whatever they rest on.
CREATE TABLE used AS
SELECT chosen.area_number, chosen.indicator_id, part.authority_code, part.share, figure.value_basis,
    figure.basis_rank, figure.value, figure.part_weight AS weight, figure.period_start_date,
    figure.last_period_end_date AS period_end_date, true AS is_chosen
FROM chosen
JOIN area_part AS part ON chosen.authority_code = part.whole_code
JOIN int_authority_figures AS figure
    ON part.part_code = figure.authority_code AND chosen.indicator_id = figure.indicator_id
        AND chosen.period_end_date = figure.period_end_date
QUALIFY row_number() OVER (
    PARTITION BY chosen.area_number, chosen.indicator_id, part.authority_code ORDER BY figure.basis_rank
) = 1;

INSERT INTO used
SELECT part.area_number, cell.indicator_id, part.authority_code, part.share, cell.value_basis,
    list_position({{ var('value_bases') }}, cell.value_basis), cell.value, part.share * people.people,
    cell.period_start_date, cell.period_end_date, false
FROM area_part AS part
JOIN published.marts.indicator_score AS cell USING (authority_code)
JOIN stg_indicators USING (indicator_id)
JOIN published.marts.weighting_population AS people
    ON part.authority_code = people.authority_code AND people.population_id = stg_indicators.weighting_population
        AND people.year = {{ var('latest_population_year') }}
LEFT JOIN chosen ON part.area_number = chosen.area_number AND cell.indicator_id = chosen.indicator_id
WHERE chosen.area_number IS NULL
    AND part.choice = (SELECT min(choice) FROM area_part AS other WHERE other.area_number = part.area_number);
"""

_CELLS = """
CREATE TABLE area_cell AS
WITH summed AS (
    SELECT area_number, indicator_id, bool_and(is_chosen) AS is_chosen, count(*) AS parts, min(share) AS least_share,
        max(basis_rank) AS last_basis_rank, sum(weight * value) / sum(weight) AS mean,
        coalesce(sum(weight) FILTER (WHERE basis_rank <= 3) / sum(weight), 0) AS known_share,
        min(period_start_date) AS period_start_date, max(period_end_date) AS period_end_date
    FROM used GROUP BY area_number, indicator_id
), based AS (
    SELECT summed.*, chosen.source_id, coalesce(chosen.value, mean) AS value,
        coalesce(chosen.part_share, known_share) AS part_share,
        CASE
            -- One figure covers the whole area.
            WHEN is_chosen AND parts = 1 AND least(chosen.part_share, least_share) > 1 - 1e-9 THEN last_basis_rank
            WHEN is_chosen AND (last_basis_rank = 5 OR least_share <= 1 - 1e-9) THEN 5
            ELSE greatest(last_basis_rank, 4)
        END AS basis_rank
    FROM summed LEFT JOIN chosen USING (area_number, indicator_id)
)
SELECT area_number, indicator_id, {{ var('value_bases') }}[basis_rank] AS value_basis,
    CASE
        WHEN is_chosen AND basis_rank <= 3 THEN 'one figure covers the area'
        WHEN is_chosen AND basis_rank = 4 THEN parts || ' parts, ' || round(100 * part_share) || '% of the population'
        WHEN is_chosen AND least_share <= 1 - 1e-9 THEN 'part of a council by its share of residents'
        WHEN is_chosen THEN 'spread from bodies that serve it'
        ELSE 'parts with figures of their own hold ' || round(100 * part_share) || '% of the population'
    END AS value_basis_reason,
    source_id, value, part_share, period_start_date, period_end_date
FROM based
UNION ALL
-- An area that is one council has its cells.
SELECT area_number, indicator_id, value_basis, value_basis_reason, source_id, value, 1,
    cell.period_start_date, cell.period_end_date
FROM area JOIN published.marts.indicator_score AS cell ON area.whole_council = cell.authority_code
ORDER BY area_number, indicator_id
"""

# Errors of one source figure move together, those of different ones do not.
_ERRORS = """
CREATE TABLE area_error AS
WITH by_figure AS (
    SELECT used.area_number, used.indicator_id, error.figure_number, sum(used.weight) AS weight,
        sum(used.weight * error.sampling_sd_below) AS below, sum(used.weight * error.sampling_sd_above) AS above,
        max(error.sampling_error) AS sampling_error
    FROM used JOIN published.marts.indicator_error AS error USING (authority_code, indicator_id)
    GROUP BY ALL
)
SELECT area_number, indicator_id, max(by_figure.sampling_error) AS sampling_error,
    sqrt(sum(below * below)) / sum(weight) AS sampling_sd_below,
    sqrt(sum(above * above)) / sum(weight) AS sampling_sd_above,
    CASE WHEN any_value(cell.value_basis) = 'published' THEN 0 ELSE any_value(basis.error_sd) END AS basis_sd
FROM by_figure
JOIN area_cell AS cell USING (area_number, indicator_id)
LEFT JOIN published.marts.value_basis_error AS basis ON cell.value_basis = basis.value_basis
GROUP BY area_number, indicator_id
"""


def create_area_figures(connection: duckdb.DuckDBPyConnection, areas: Sequence[Area]) -> None:
    """Create the tables area, area_member, area_cell and area_error: the last two have a row per area and indicator.

    An area that is one council has no row in area_error: its ranks in the draws are that council's.
    """
    connection.execute(
        "CREATE TABLE area "
        "(area_number INTEGER, area_id VARCHAR, area_name VARCHAR, status VARCHAR, whole_council VARCHAR);"
        "CREATE TABLE area_member (area_number INTEGER, authority_code VARCHAR, share DOUBLE)"
    )
    rows = [(n, area.area_id, area.name, area.status, area.whole_council) for n, area in enumerate(areas, start=1)]
    connection.executemany("INSERT INTO area VALUES (?, ?, ?, ?, ?)", rows)
    members = [(n, code, share) for n, area in enumerate(areas, start=1) for code, share in area.members.items()]
    connection.execute(
        "INSERT INTO area_member SELECT unnest($numbers), unnest($codes), unnest($shares)",
        dict(zip(("numbers", "codes", "shares"), map(list, zip(*members, strict=True)), strict=True)),
    )
    connection.execute(_PARTS)
    connection.execute(_INPUTS)
    for model in AREA_FIGURES:
        run_model(connection, model)
    connection.execute(rendered(_USED))
    connection.execute(rendered(_CELLS))
    connection.execute(rendered(_ERRORS))
