"""One indicator: what it is, where its values come from, and every council's value.

Belongs here: the question behind `missions indicator` and `Index.indicator`.
"""

from dataclasses import dataclass
from typing import Any

import duckdb

from missions.reading.labels import Labels
from missions.reading.names import choose
from missions.reading.queries import Answer, Rows, Table, ask, ask_names


@dataclass(frozen=True, kw_only=True)
class Indicator(Answer[Table]):
    """An indicator's definition, England's figure, councils by basis, and every council, highest need first."""

    indicator: dict[str, Any]
    england: dict[str, Any]
    coverage: Table
    authorities: Table


def indicator_of(connection: duckdb.DuckDBPyConnection, name: str) -> Indicator[Rows]:
    """Describe an indicator, given by ID or title. Raises UsageError if there is none."""
    titles = ask_names(connection, "SELECT indicator_id, indicator_title FROM dim_indicator ORDER BY ALL")
    chosen = choose("indicator", name, titles)
    (described,) = ask(
        connection,
        "SELECT * FROM dim_indicator JOIN indicator_treatment USING (indicator_id) WHERE indicator_id = $chosen",
        chosen=chosen,
    ).records
    (england,) = ask(
        connection,
        """
        SELECT value, value_basis, period_end_date FROM indicator_benchmark
        WHERE indicator_id = $chosen AND area_name = 'England'
        """,
        chosen=chosen,
    ).records
    coverage = ask(
        connection,
        """
        SELECT indicator_id, value_basis, count(*) AS authorities FROM indicator_score WHERE indicator_id = $chosen
        GROUP BY ALL ORDER BY authorities DESC, value_basis
        """,
        chosen=chosen,
    )
    authorities = ask(
        connection,
        """
        SELECT need_rank, authority_code, authority_name, authority_type, region_name, indicator_id, indicator_title,
            unit, higher_means, value_basis, value_basis_reason, value, value_lower_95, value_upper_95, value_treated,
            need_z, period_start_date, period_end_date
        FROM indicator_score
        JOIN dim_authority USING (authority_code)
        JOIN (SELECT indicator_id, indicator_title, unit, higher_means FROM dim_indicator) USING (indicator_id)
        WHERE indicator_id = $chosen
        ORDER BY need_rank, if($more_is_more, -value, value), authority_name
        """,
        chosen=chosen,
        more_is_more=described["higher_means"] == "more_need",
    )
    labels = Labels.of(connection)
    return Indicator(
        indicator=described,
        england=england,
        coverage=labels.completed(coverage),
        authorities=labels.completed(authorities),
    )
