"""Tables of the same name on both engines, compared cell by cell; for test_spark.py and for use by hand.

`python tests/support/spark_tables.py marts.mission_index ...` prints what differs between build/warehouse.duckdb and
build/spark, or MISSIONS_WAREHOUSE and MISSIONS_BUILD. Spark's tables are read as the Parquet files that they are.
"""

import os
import sys
from pathlib import Path

import duckdb

TOLERANCE = 1e-9  # relative for numbers beyond 1, else absolute
_ROUGH = ("FLOAT", "DOUBLE")


def differences(warehouse: Path, spark: Path, table: str, shown: int = 5) -> list[str]:
    """The differences in a table, `schema.name`, one text each; empty if the tables agree.

    Texts, whole numbers, dates and flags must be equal, numbers with a fraction agree to nine digits. Rows are matched
    by all that must be equal; several alike are matched in the order of their numbers.
    """
    schema, name = table.split(".")
    files = spark / "warehouse" / f"{schema}.db" / name / "*.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{warehouse}' AS duck (READ_ONLY)")
        try:
            connection.execute(f"CREATE VIEW spark_table AS FROM read_parquet('{files}')")
        except duckdb.IOException:
            return [f"{table} is not on Spark"]
        described = connection.execute(f"DESCRIBE duck.{table}").fetchall()
        types = {column: column_type for column, column_type, *_ in described}
        spark_types = {column: found for column, found, *_ in connection.execute("DESCRIBE spark_table").fetchall()}
        if list(types) != list(spark_types):
            return [f"{table} has the columns {', '.join(spark_types)} on Spark, {', '.join(types)} on DuckDB"]
        rough = [column for column, type_ in types.items() if type_.startswith(_ROUGH)]
        exact = [column for column in types if column not in rough]
        wrong_types = [
            f"{table}.{column} is {spark_types[column]} on Spark, {types[column]} on DuckDB"
            for column in types
            if schema == "marts" and spark_types[column] != types[column]
        ]
        place = ", ".join(f'"{column}"' for column in exact)
        order = ", ".join(f'"{column}"' for column in rough) or "1"
        for side, relation in (("d", f"duck.{table}"), ("s", "spark_table")):
            columns = ", ".join(
                f'cast("{column}" AS {type_.partition("[")[0]}{"[]" if "[" in type_ else ""}) AS "{column}"'
                for column, type_ in types.items()
            )
            connection.execute(
                f"CREATE TEMP TABLE {side} AS "
                f"SELECT *, row_number() OVER (PARTITION BY {place} ORDER BY {order}) AS twin "
                f"FROM (SELECT {columns} FROM {relation})"
            )
        matched = " AND ".join([*(f'd."{c}" IS NOT DISTINCT FROM s."{c}"' for c in exact), "d.twin = s.twin"])
        found = list(wrong_types)
        for side, other, engine in (("d", "s", "DuckDB"), ("s", "d", "Spark")):
            alone = f"FROM {side} ANTI JOIN {other} ON {matched}"
            [(rows,)] = connection.execute(f"SELECT count(*) {alone}").fetchall()
            if rows:
                found.append(f"{table}: {rows} rows are on {engine} alone, with their texts, ranks and dates")
                cells = connection.execute(f"SELECT {place} {alone} ORDER BY ALL LIMIT {shown}").fetchall()
                found += [f"  {engine}: " + ", ".join(map(str, row)) for row in cells]
        for column in rough:
            differs = _differs(f'd."{column}"', f's."{column}"', types[column])
            both = f"FROM d JOIN s ON {matched} WHERE {differs}"
            [(rows,)] = connection.execute(f"SELECT count(*) {both}").fetchall()
            if rows:
                found.append(f"{table}.{column}: {rows} cells differ")
                cells = connection.execute(
                    f'SELECT d."{column}", s."{column}", {", ".join(f"d.{c}" for c in exact)} {both} LIMIT {shown}'
                ).fetchall()
                found += [f"  DuckDB {row[0]!r}, Spark {row[1]!r}: " + ", ".join(map(str, row[2:])) for row in cells]
        return found


def _differs(duck: str, spark: str, type_: str) -> str:
    if "[" in type_:
        cells = f"list_bool_or(list_transform(list_zip({duck}, {spark}), lambda x: {_differs('x[1]', 'x[2]', '')}))"
        return f"({duck} IS NULL) != ({spark} IS NULL) OR len({duck}) != len({spark}) OR {cells}"
    return (
        f"({duck} IS NULL) != ({spark} IS NULL) OR isnan({duck}) != isnan({spark}) OR "
        f"coalesce(abs({duck} - {spark}) > {TOLERANCE} * greatest(1, abs({duck})), false)"
    )


def main(tables: list[str]) -> int:
    build = Path(os.environ.get("MISSIONS_BUILD", "build"))
    warehouse = Path(os.environ.get("MISSIONS_WAREHOUSE", build / "warehouse.duckdb"))
    failed = 0
    for table in tables:
        found = differences(warehouse, build / "spark", table)
        failed += bool(found)
        print("\n".join(found) if found else f"{table} agrees")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
