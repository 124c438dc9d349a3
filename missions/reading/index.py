"""The Python API: one publication of the index, and its answers as pandas DataFrames.

Belongs here: what `missions.open` gives. What is asked is in the modules beside this one, which the commands use too.
"""

import warnings
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd

from missions.publication.folder import DATABASE
from missions.reading import queries
from missions.reading.compare import Comparison, comparison_of
from missions.reading.explain import Explanation, explanation_of
from missions.reading.indicator import Indicator, indicator_of
from missions.reading.names import Found, choose, find_authority
from missions.reading.profile import Profile, profile_of
from missions.reading.queries import Answer, Rows
from missions.reading.rank import ranking
from missions.reading.sources import sources_of
from missions.reading.trend import Trend, trend_of

# What pandas makes nothing of where all values of a column are missing.
_TYPES = {"DOUBLE": "float64", "DATE": "datetime64[us]"}


class Index:
    """One publication, opened read-only; what it answers does not change while a newer one is published.

    Councils are named as people name them: by name or code, of today or before; missions, indicators and regions by id
    or name. Where a name is taken for another (a former council, a near spelling) a warning says so. Raises
    MissionsError where nothing is published, and UsageError, with the nearest names, for what is not known.
    """

    def __init__(self, published: Path) -> None:
        self._connection = queries.open_database(published / DATABASE)

    def close(self) -> None:
        """Let go of the published file; `with missions.open() as index:` does so by itself."""
        self._connection.close()

    def __enter__(self) -> "Index":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def rank(
        self,
        *,
        mission: str | None = None,
        region: str | None = None,
        authority_type: str | None = None,
        neighbours_of: str | None = None,
        peers: str | None = None,
    ) -> pd.DataFrame:
        """Councils with the greatest need first, one row each: all, or those that meet the conditions.

        Ranks are among all councils. `peers` is the model of neighbours: ons (the default), ons_economic,
        ons_demographic, dfe or open.
        """
        found = ranking(
            self._connection,
            mission=mission,
            region=region,
            authority_type=authority_type,
            neighbours_of=neighbours_of,
            peers=peers,
        )
        return _told(found).councils

    def find(self, name: str) -> Found:
        """The code of the council that a name or code stands for, with a note where it is that of a former one."""
        return find_authority(self._connection, name)

    def authorities(self) -> pd.DataFrame:
        """All councils, by name: codes, type, region, county, combined authority, population."""
        return self.sql("FROM dim_authority ORDER BY authority_name")

    def indicators(self) -> pd.DataFrame:
        """All indicators: mission, theme, unit, weight, publisher, licence, newest period, caveat."""
        return self.sql("FROM dim_indicator ORDER BY mission_id, theme_id, indicator_id")

    def profile(self, name: str) -> Profile[pd.DataFrame]:
        """One council: `authority` (a dict), `scores` (one row an index) and `indicators` (one row an indicator)."""
        return _told(profile_of(self._connection, name))

    def indicator(self, name: str) -> Indicator[pd.DataFrame]:
        """One indicator: `indicator` and `england` (dicts), `coverage` (one row a basis), `authorities` (a council)."""
        return _told(indicator_of(self._connection, name))

    def explain(self, name: str) -> Explanation[pd.DataFrame]:
        """Why a council has its rank: `explanation` has one row a mission, theme and indicator with what it adds.

        In points of score: `contribution_points`, and how far apart each is from England, region, type and neighbours.
        """
        return _told(explanation_of(self._connection, name))

    def compare(self, *names: str) -> Comparison[pd.DataFrame]:
        """Two councils or more: `scores`, `chances` (one row a pair), `indicators` (an indicator and council)."""
        return _told(comparison_of(self._connection, names))

    def trend(self, name: str) -> Trend[pd.DataFrame]:
        """One council over time: `editions` (one row an index and year), `indicators` and `milestones`."""
        return _told(trend_of(self._connection, name))

    def sources(self, source_id: str | None = None) -> pd.DataFrame:
        """The sources, one row each; or the files of one, with their checksums."""
        return _frame(sources_of(self._connection, source_id))

    def tables(self) -> pd.DataFrame:
        """The tables of the publication, each with what it holds and its number of rows."""
        return self.sql(
            """
            SELECT table_name, comment AS description, estimated_size AS rows
            FROM duckdb_tables() WHERE schema_name = 'marts' ORDER BY table_name
            """
        )

    def table(self, name: str) -> pd.DataFrame:
        """One table, whole."""
        names = {table: table for table in self.tables()["table_name"]}
        return self.sql(f"FROM {choose('table', name, names)}")

    def sql(self, query: str) -> pd.DataFrame:
        """The answer to a query of the published tables. It can read nothing else, and write nothing."""
        return self._connection.execute(query).df()


def _told(answer: Answer[Rows]) -> Any:
    """The answer with its tables as DataFrames, its notes given as warnings."""
    for note in answer.notes:
        warnings.warn(note, stacklevel=3)
    frames: dict[str, Any] = {name: _frame(part) for name, part in answer.parts.items() if isinstance(part, Rows)}
    return replace(answer, **frames)


def _frame(rows: Rows) -> pd.DataFrame:
    types = zip(rows.columns, rows.types, strict=True)
    return pd.DataFrame(rows.values, columns=rows.columns).astype(
        {column: _TYPES[kind] for column, kind in types if kind in _TYPES}
    )
