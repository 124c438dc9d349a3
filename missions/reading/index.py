"""The Python API: one publication of the index, with answers as pandas DataFrames.

Belongs here: what `missions.open` returns. The questions are in the other modules here, which the commands also use.
"""

import warnings
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd

from missions.publication.folder import DATABASE
from missions.reading import queries
from missions.reading.brief import Brief, brief_of
from missions.reading.compare import Comparison, comparison_of
from missions.reading.explain import Explanation, explanation_of
from missions.reading.indicator import Indicator, indicator_of
from missions.reading.lookup import find_authority
from missions.reading.names import Found, choose
from missions.reading.profile import Profile, profile_of
from missions.reading.queries import Answer, Rows
from missions.reading.rank import Filters, ranking
from missions.reading.small_areas import SmallAreas, small_areas_of
from missions.reading.sources import sources_of
from missions.reading.trend import Trend, trend_of

# Types that pandas cannot infer if every value of a column is missing.
_TYPES = {"DOUBLE": "float64", "DATE": "datetime64[us]"}


class Index:
    """One publication, opened read-only. Its answers do not change when a newer one is published.

    Give councils by name or code, current or former; missions, indicators and regions by ID or name. A warning says so
    if a name is not taken literally (a former council, a near spelling). Raises MissionsError if nothing is published,
    and UsageError, with the nearest names, for an unknown name.
    """

    def __init__(self, published: Path) -> None:
        self._connection = queries.open_database(published / DATABASE)

    def close(self) -> None:
        """Close the published file; `with missions.open() as index:` does so automatically."""
        self._connection.close()

    def __enter__(self) -> "Index":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def rank(self, **filters: str | None) -> pd.DataFrame:
        """Councils, highest need first, one row per council: all, or those that pass the filters.

        Ranks are among all councils; `rank_in_list` is among those listed. The filters, all optional, are `mission` or
        `theme` (what to rank by), `region`, `combined_authority`, `county`, `board`, `authority_type`, `neighbours_of`
        and `peers`, the model that defines neighbours: ons_global (the default), ons_economic, ons_demographic, dfe or
        open.
        """
        return _framed(ranking(self._connection, Filters(**filters))).councils

    def find(self, name: str) -> Found:
        """Find a council: its code, and a note if the name or code is a former one."""
        return find_authority(self._connection, name)

    def authorities(self) -> pd.DataFrame:
        """One row per council: codes, type, region, county, combined authority, population."""
        return self.sql("FROM dim_authority ORDER BY authority_name")

    def indicators(self) -> pd.DataFrame:
        """One row per indicator: mission, theme, unit, weight, publisher, licence, latest period, caveat."""
        return self.sql("FROM dim_indicator ORDER BY mission_id, theme_id, indicator_id")

    def profile(self, name: str) -> Profile[pd.DataFrame]:
        """One council: `authority` (a dict), `scores` and `themes` (one row per index), `indicators` (one row each)."""
        return _framed(profile_of(self._connection, name))

    def brief(self, name: str) -> Brief:
        """One council in sentences: `text`, or `sentences`, each with its kind and the facts that it uses."""
        found = brief_of(self._connection, name)
        for note in found.notes:
            warnings.warn(note, stacklevel=2)
        return found

    def indicator(self, name: str) -> Indicator[pd.DataFrame]:
        """One indicator: `indicator` and `england` (dicts), `coverage` and `authorities` (one row per council)."""
        return _framed(indicator_of(self._connection, name))

    def explain(self, name: str) -> Explanation[pd.DataFrame]:
        """Why a council has its rank: `explanation` has one row per mission, theme and indicator.

        In points of need score: what each adds (`contribution_points`), and the differences from the averages of
        England, region, type and neighbours (`points_above_…`).
        """
        return _framed(explanation_of(self._connection, name))

    def compare(self, *names: str) -> Comparison[pd.DataFrame]:
        """Two or more councils: `scores`, `themes`, `chances` (one row per pair) and `indicators`."""
        return _framed(comparison_of(self._connection, names))

    def trend(self, name: str) -> Trend[pd.DataFrame]:
        """One council over time: `editions` (one row per index and year), `indicators` and `milestones`."""
        return _framed(trend_of(self._connection, name))

    def small_areas(self, name: str) -> SmallAreas[pd.DataFrame]:
        """The small areas of a council, given by name, a place in it or a postcode: `small_areas` (one row each).

        For a postcode, also its own `small_area` (a dict), with its `domains` and `figures`.
        """
        return _framed(small_areas_of(self._connection, name))

    def sources(self, source_id: str | None = None) -> pd.DataFrame:
        """One row per source; or one per file of a source, with checksums."""
        return _frame(sources_of(self._connection, source_id))

    def tables(self) -> pd.DataFrame:
        """One row per published table: what it holds and how many rows it has."""
        return self.sql(
            """
            SELECT table_name, comment AS description, estimated_size AS rows
            FROM duckdb_tables() WHERE schema_name = 'marts' ORDER BY table_name
            """
        )

    def table(self, name: str) -> pd.DataFrame:
        """A whole table."""
        names = {table: table for table in self.tables()["table_name"]}
        return self.sql(f"FROM {choose('table', name, names)}")

    def sql(self, query: str) -> pd.DataFrame:
        """Run SQL on the published tables. It cannot read or write anything else."""
        return self._connection.execute(query).df()


def _framed(answer: Answer[Rows]) -> Any:
    """Issue the notes as warnings, and return the answer with its tables as DataFrames."""
    for note in answer.notes:
        warnings.warn(note, stacklevel=3)
    frames: dict[str, Any] = {name: _frame(part) for name, part in answer.parts.items() if isinstance(part, Rows)}
    return replace(answer, **frames)


def _frame(rows: Rows) -> pd.DataFrame:
    types = zip(rows.columns, rows.types, strict=True)
    return pd.DataFrame(rows.values, columns=rows.columns).astype(
        {column: _TYPES[kind] for column, kind in types if kind in _TYPES}
    )
