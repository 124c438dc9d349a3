"""The publication as a Frictionless Data Package: one resource per CSV file.

Belongs here: datapackage.json, which gives the meaning and type of every column and whether it may be empty.
"""

import json
from pathlib import Path
from typing import Any

import duckdb

from missions.files import sha256
from missions.publication.folder import DESCRIPTOR, TITLE, Imprint
from missions.publication.marts import Mart

LICENCE = {
    "name": "OGL-UK-3.0",
    "path": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
    "title": "Open Government Licence v3.0",
}

# In full, so that no reader has to guess.
DIALECT = {
    "delimiter": ",",
    "lineTerminator": "\n",
    "quoteChar": '"',
    "doubleQuote": True,
    "skipInitialSpace": False,
    "header": True,
}


def write_descriptor(connection: duckdb.DuckDBPyConnection, folder: Path, marts: list[Mart], imprint: Imprint) -> None:
    """Write datapackage.json into a publication's folder, which must hold the CSV files already."""
    package: dict[str, Any] = {
        "profile": "tabular-data-package",
        "name": "missions-index",
        "id": imprint.id,
        "title": TITLE,
        "created": f"{imprint.created:%Y-%m-%dT%H:%M:%SZ}",
        "licenses": [LICENCE],
    }
    if sources := _sources(connection, marts):
        package["sources"] = sources
    package["resources"] = [_resource(folder, mart) for mart in marts]
    (folder / DESCRIPTOR).write_text(json.dumps(package, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _resource(folder: Path, mart: Mart) -> dict[str, Any]:
    path = f"csv/{mart.name}.csv"
    fields = []
    for column in mart.columns:
        field: dict[str, Any] = {"name": column.name, "type": column.field_type}
        if column.description:
            field["description"] = column.description
        if column.is_required:
            field["constraints"] = {"required": True}
        fields.append(field)
    resource: dict[str, Any] = {"profile": "tabular-data-resource", "name": mart.name, "path": path}
    if mart.description:
        resource["description"] = mart.description
    return resource | {
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": DIALECT,
        "bytes": (folder / path).stat().st_size,
        "hash": f"sha256:{sha256(folder / path)}",
        "schema": {"fields": fields, "primaryKey": mart.key, "missingValues": [""]},
    }


def _sources(connection: duckdb.DuckDBPyConnection, marts: list[Mart]) -> list[dict[str, str]]:
    """The distinct sources named by the marts that have the columns publisher, dataset and licence."""
    parts = []
    for mart in marts:
        columns = {column.name for column in mart.columns}
        if columns >= {"publisher", "dataset", "licence"}:
            page = "landing_page" if "landing_page" in columns else "NULL"
            parts.append(f"SELECT publisher, dataset, licence, {page} AS landing_page FROM {mart.published}")
    if not parts:
        return []
    rows = connection.execute(
        f"""
        SELECT concat_ws(': ', publisher, dataset) || coalesce(' (' || licence || ')', ''), min(landing_page)
        FROM ({" UNION ALL ".join(parts)})
        GROUP BY ALL ORDER BY ALL
        """
    ).fetchall()
    return [{"title": title, "path": page} if page else {"title": title} for title, page in rows]
