"""Councils side by side: scores, how certain their order is, and the indicators that separate them most.

Belongs here: the question behind `missions compare` and `Index.compare`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from missions.errors import UsageError
from missions.reading.explain import EXPLAINED, SCORES_OF, THEMES_OF
from missions.reading.labels import Labels
from missions.reading.lookup import find_authority
from missions.reading.queries import Answer, Rows, Table, ask

_INDICATORS = f"""
    SELECT *, 10 * (max(contribution) OVER of_node - min(contribution) OVER of_node) AS points_apart
    FROM ({EXPLAINED}) WHERE level = 'indicator'
    WINDOW of_node AS (PARTITION BY node_id)
    ORDER BY points_apart DESC, node_id, list_position($codes, authority_code)
"""
_CHANCES = """
    SELECT authority_code, other_authority_code, probability_needier_sampling_error, probability_needier_all_sources
    FROM rank_comparison
    WHERE index_id = 'composite' AND list_contains($codes, other_authority_code)
        AND list_position($codes, authority_code) < list_position($codes, other_authority_code)
    ORDER BY list_position($codes, authority_code), list_position($codes, other_authority_code)
"""


@dataclass(frozen=True, kw_only=True)
class Comparison(Answer[Table]):
    """Scores and themes (one row per council and index), the chance that one council ranks above another (one row
    per pair of neighbours or of councils of one type, where published), and one row per indicator and council.
    """

    scores: Table
    themes: Table
    chances: Table
    indicators: Table


def comparison_of(
    connection: duckdb.DuckDBPyConnection, names: Iterable[str], at_most: int | None = None
) -> Comparison[Rows]:
    """Compare two or more councils, given by name or code.

    Raises UsageError for an unknown council, and for fewer than two or more than `at_most` different ones.
    """
    found = [find_authority(connection, name) for name in names]
    codes = list(dict.fromkeys(one.code for one in found))
    if len(codes) < 2 or (at_most and len(codes) > at_most):
        number = f"2 to {at_most}" if at_most else "at least 2"
        raise UsageError(f"Name {number} different councils; put names of more than one word in quotes.")
    labels = Labels.of(connection)
    has_chances = ask(connection, "SELECT 1 FROM duckdb_tables() WHERE table_name = 'rank_comparison'").values
    return Comparison(
        notes=tuple(note for one in found for note in one.notes),
        scores=labels.completed(ask(connection, SCORES_OF, codes=codes)),
        themes=labels.completed(ask(connection, THEMES_OF, codes=codes)),
        chances=labels.completed(ask(connection, _CHANCES, codes=codes)) if has_chances else Rows([], []),
        indicators=labels.completed(ask(connection, _INDICATORS, codes=codes)),
    )
