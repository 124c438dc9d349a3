"""The CSV files beside the pages equal the marts and have their polarity."""

import csv
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from tests.support.downloads import lacking
from tests.support.pages import councils, read_csv, rows


def same(text: str, value: Any) -> bool:
    if value is None:
        return text == ""
    if isinstance(value, bool):
        return text == str(value).lower()
    if isinstance(value, float):
        return float(text) == value
    return text == (value.isoformat() if isinstance(value, date) else str(value))


def test_council_files_equal_the_marts(site: Path, marts: duckdb.DuckDBPyConnection) -> None:
    scores: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows(marts, "FROM indicator_score JOIN dim_indicator USING (indicator_id, mission_id)"):
        scores.setdefault(row["authority_code"], {})[row["indicator_id"]] = row
    trend: dict[str, list[tuple[Any, ...]]] = {}
    several = "QUALIFY count(*) OVER (PARTITION BY authority_code, indicator_id) > 1"
    for row in rows(marts, f"FROM indicator_value {several}"):
        key = (row["indicator_id"], row["period_start_date"], row["period_end_date"], row["value"], row["value_basis"])
        trend.setdefault(row["authority_code"], []).append(key)
    for code, slug in councils(marts).items():
        found = read_csv(site / f"data/authority/{slug}.csv")
        assert len(found) == 65
        for record in found:
            row = scores[code][record["indicator_id"]]
            assert record["authority_code"] == code
            for name in (
                "value",
                "value_basis",
                "value_basis_reason",
                "need_rank",
                "contribution",
                "unit",
                "higher_means",
                "period_start_date",
                "period_end_date",
                "value_lower_95",
            ):
                assert same(record[name], row[name]), (code, record["indicator_id"], name)
        periods = [
            (
                r["indicator_id"],
                date.fromisoformat(r["period_start_date"]),
                date.fromisoformat(r["period_end_date"]),
                float(r["value"]),
                r["value_basis"],
            )
            for r in read_csv(site / f"data/authority/{slug}-trend.csv")
        ]
        assert sorted(periods) == sorted(trend[code])


def test_index_and_indicator_files_equal_the_marts(site: Path, marts: duckdb.DuckDBPyConnection) -> None:
    for index_id, query in (
        ("composite", "FROM composite_index"),
        *(
            (m, f"FROM mission_index WHERE mission_id = '{m}'")
            for (m,) in marts.execute("SELECT mission_id FROM dim_mission").fetchall()
        ),
    ):
        expected = {row["authority_code"]: row for row in rows(marts, query)}
        found = read_csv(site / f"data/index/{index_id}.csv")
        assert len(found) == 317
        for record in found:
            row = expected[record["authority_code"]]
            for name in ("need_score", "need_z", "need_rank", "need_band", "published_share", "is_mostly_published"):
                assert same(record[name], row[name])
            assert record["higher_means"] == "more_need" and record["value_basis"]
    for (id_,) in marts.execute("SELECT indicator_id FROM dim_indicator").fetchall():
        expected = {
            row["authority_code"]: row for row in rows(marts, f"FROM indicator_score WHERE indicator_id = '{id_}'")
        }
        found = read_csv(site / f"data/indicator/{id_}.csv")
        assert len(found) == 317
        for record in found:
            row = expected[record["authority_code"]]
            for name in ("value", "value_basis", "value_basis_reason", "need_rank", "period_end_date"):
                assert same(record[name], row[name])


def test_every_file_says_what_its_rows_are_of(site: Path, marts: duckdb.DuckDBPyConnection) -> None:
    paths = sorted((site / "data").resolve().rglob("*.csv"))
    assert len(paths) > 1800
    others = set()
    for path in paths:
        with path.open(encoding="utf-8") as file:
            columns = next(csv.reader(file))
            first = next(csv.reader(file))
        assert not lacking(columns), path
        assert first[columns.index("publication_id")] == site.resolve().parent.name, path
        others |= set() if "higher_means" in columns else {path.name}
    # Files that are not about need.
    assert others <= {"sources.csv", "corrections.csv", "audit.csv", "catalogue.csv", "tables.csv"}
