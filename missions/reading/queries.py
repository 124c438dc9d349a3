"""The published file: how it is opened, and questions that several commands ask of it.

Belongs here: SQL on the marts. Every number is in the marts already: nothing is worked out here.
"""

from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import typer

from missions.errors import MissionsError
from missions.publication.folder import DATABASE

SCORES = """
    SELECT 'composite' AS index_id, 'All missions' AS index_name, * FROM composite_index
    UNION ALL BY NAME
    SELECT mission_id AS index_id, mission_name AS index_name, mission_index.* EXCLUDE (mission_id)
    FROM mission_index JOIN dim_mission USING (mission_id)
"""
# One row a source and file: dim_source has one a file, which may serve several sources.
SOURCE_FILES = "SELECT unnest(string_split(source_ids, ', ')) AS source_id, * FROM dim_source"
SOURCES = f"""
    SELECT
        source_id,
        string_agg(DISTINCT publisher, '; ' ORDER BY publisher) AS publisher,
        string_agg(DISTINCT dataset, '; ' ORDER BY dataset) AS dataset,
        string_agg(DISTINCT licence, '; ' ORDER BY licence) AS licence,
        max(snapshot_date) AS snapshot_date,
        bool_and(is_refreshable) AS is_refreshable
    FROM ({SOURCE_FILES})
    GROUP BY source_id
    ORDER BY source_id
"""
PEER_WORDS = {
    "ons_global": "ONS statistical neighbours",
    "ons_economic": "ONS statistical neighbours by economy",
    "ons_demographic": "ONS statistical neighbours by residents",
    "dfe": "DfE statistical neighbours",
    "open": "peers by structure",
}


class Rows(NamedTuple):
    """The answer to a query."""

    columns: list[str]
    values: list[tuple[Any, ...]]

    @property
    def records(self) -> list[dict[str, Any]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.values]


def open_published(ctx: typer.Context) -> duckdb.DuckDBPyConnection:
    return open_database(ctx.obj / DATABASE)


def open_database(database: Path) -> duckdb.DuckDBPyConnection:
    """The published file, read-only and shut off from every other file, whatever SQL is run."""
    if not database.is_file():
        raise MissionsError(f"nothing is published yet; run `make index` (there is no {database})")
    shut: dict[str, Any] = {
        "enable_external_access": False,
        "python_enable_replacements": False,  # the program's own variables
        "temp_directory": "",  # or a large sort would write beside the publication
        "lock_configuration": True,
    }
    connection = duckdb.connect(str(database), read_only=True, config=shut)
    connection.execute("USE marts")
    return connection


def ask(connection: duckdb.DuckDBPyConnection, query: str, **parameters: Any) -> Rows:
    result = connection.execute(query, parameters)
    return Rows([column[0] for column in result.description], result.fetchall())


def ranked(
    connection: duckdb.DuckDBPyConnection,
    index_id: str = "composite",
    region: str | None = None,
    authority_type: str | None = None,
    group: list[str] | None = None,
) -> Rows:
    """The councils in rank order, all or those of a region, a type or a list of codes."""
    return ask(
        connection,
        f"""
        SELECT index_id, need_rank, authority_code, authority_name, authority_type, region_name, need_score, need_band,
            published_share, is_mostly_published
        FROM ({SCORES}) JOIN dim_authority USING (authority_code)
        WHERE index_id = $index_id
            AND region_name = coalesce($region, region_name)
            AND authority_type = coalesce($authority_type, authority_type)
            AND ($group IS NULL OR list_contains($group, authority_code))
        ORDER BY need_rank, authority_name
        """,
        index_id=index_id,
        region=region,
        authority_type=authority_type,
        group=group,
    )


def neighbourhood(connection: duckdb.DuckDBPyConnection, code: str, model: str | None = None) -> tuple[list[str], str]:
    """The codes of a council and its nearest neighbours, and the group in words; by default ONS's, as on its page."""
    [(name,)] = ask(
        connection, "SELECT authority_name FROM dim_authority WHERE authority_code = $code", code=code
    ).values
    model = model or "ons_global"
    peers = ask(
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
        raise MissionsError(f"{name} has no {PEER_WORDS[model]}; it has peers under {', '.join(m for (m,) in models)}")
    return [code, *(peer for (peer,) in peers)], f"{name} and its {len(peers)} {PEER_WORDS[model]}"
