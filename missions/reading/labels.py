"""What a row of a download says of what it is about: names, unit and polarity beside the ids, and the publication.

Belongs here: the columns that complete the rows of the command, the Python API and the site alike. Their other columns
are chosen where they are asked for.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from missions.publication.folder import publication_id
from missions.reading.queries import Rows, ask
from missions.reading.wording import OVERALL

PUBLICATION = "publication_id"


@dataclass(frozen=True)
class Labels:
    """The publication's id, and what is looked up by each key: (key column, added column) to a function of the id."""

    publication_id: str
    added: Mapping[tuple[str, str], Callable[[Any], Any]]

    @classmethod
    def of(cls, connection: duckdb.DuckDBPyConnection) -> "Labels":
        """Those of an open publication."""
        where = "SELECT path FROM duckdb_databases() WHERE database_name = current_database()"
        [(database,)] = ask(connection, where).values
        # Any of these may be missing where two databases are compared, or in a publication of another version.
        councils = dict(_optional(connection, "dim_authority", "authority_code", "authority_name"))
        missions = dict(_optional(connection, "dim_mission", "mission_id", "mission_name"))
        themes = dict(_optional(connection, "dim_theme", "theme_id", "theme_name"))
        indicators = {
            id_: about
            for id_, *about in _optional(
                connection, "dim_indicator", "indicator_id", "indicator_title", "unit", "higher_means"
            )
        }
        titles, units, polarities = ({id_: row[n] for id_, row in indicators.items()} for n in range(3))
        indices = {"composite": OVERALL, **missions, **themes, **titles}
        return cls(
            publication_id(Path(database).parent),
            {
                ("authority_code", "authority_name"): councils.get,
                ("other_authority_code", "other_authority_name"): councils.get,
                ("indicator_id", "indicator_title"): titles.get,
                ("indicator_id", "unit"): units.get,
                ("indicator_id", "higher_means"): polarities.get,
                ("index_id", "index_name"): indices.get,
                # A higher score is always higher need.
                ("index_id", "higher_means"): lambda id_: polarities.get(id_, "more_need"),
                ("index_id", "unit"): units.get,
                ("mission_id", "mission_name"): missions.get,
                ("theme_id", "theme_name"): themes.get,
                ("need_rank", "ranked_councils"): lambda rank: None if rank is None else len(councils),
            },
        )

    def layout(self, columns: Sequence[str]) -> list[tuple[str, str | None]]:
        """The columns of the download: those there are, then those added, each with the key that it is looked up by."""
        unneeded = {PUBLICATION, *columns}
        if "small_area_code" in columns:  # they are ranked among themselves
            unneeded.add("ranked_councils")
        if "indicator_id" not in columns and not any(column.endswith("_value") for column in columns):
            unneeded.add("unit")
        laid: dict[str, str | None] = dict.fromkeys(columns)
        for key, added in self.added:
            if key in columns and added not in unneeded:
                laid.setdefault(added, key)
        laid.setdefault(PUBLICATION, PUBLICATION)
        return list(laid.items())

    def completed(self, rows: Rows) -> Rows:
        """The answer to a query with the columns that it lacks."""
        layout = self.layout(rows.columns)
        place = {column: position for position, column in enumerate(rows.columns)}
        cells = [self._cell(column, key, place) for column, key in layout]
        types = dict(zip(rows.columns, rows.types, strict=False))
        return Rows(
            [column for column, _ in layout],
            [tuple(cell(row) for cell in cells) for row in rows.values],
            tuple(types.get(column, "VARCHAR") for column, _ in layout),
        )

    def completed_records(
        self, records: Iterable[Mapping[str, Any]], columns: Sequence[str]
    ) -> tuple[list[dict[str, Any]], list[str]]:
        """The same for records, of which some columns are wanted."""
        wanted = list(columns)
        done = self.completed(Rows(wanted, [tuple(map(record.get, wanted)) for record in records]))
        return done.records, done.columns

    def _cell(self, column: str, key: str | None, place: Mapping[str, int]) -> Callable[[tuple[Any, ...]], Any]:
        """How the cell of a column is made from a row."""
        if key is None:
            position = place[column]
            return lambda row: row[position]
        if key == PUBLICATION:
            return lambda row: self.publication_id
        look_up, position = self.added[key, column], place[key]
        return lambda row: look_up(row[position])


def _optional(connection: duckdb.DuckDBPyConnection, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """The rows of a table; none if the publication lacks it or one of the columns."""
    query = "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'marts' AND table_name = $table"
    there = {column for (column,) in ask(connection, query, table=table).values}
    return ask(connection, f"SELECT {', '.join(columns)} FROM {table}").values if there.issuperset(columns) else []
