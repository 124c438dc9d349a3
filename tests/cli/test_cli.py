"""The `missions` command: what it prints is what the marts hold, and what it cannot do it says plainly on stderr."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner, Result

from missions import cli
from missions.errors import SeedError
from missions.publication.folder import DATABASE
from missions.reading.names import name_key, short_name_key
from missions.reading.wording import period_words, value_words

Ask = Callable[..., Result]
Marts = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def ask(publication: Path) -> Ask:
    """Run a command in this process on the publication, in a terminal of 80 columns or another width."""

    def run(*words: str, columns: int = 80) -> Result:
        return CliRunner().invoke(cli.app, ["--published", str(publication), *words], env={"COLUMNS": str(columns)})

    return run


@pytest.fixture
def marts(publication: Path) -> Marts:
    """Plain SQL on the published file, to compare with."""

    def query(text: str, *values: str) -> list[tuple[Any, ...]]:
        # Not kept open: in one process the command's locked settings would meet ours.
        with duckdb.connect(str(publication / DATABASE), read_only=True) as connection:
            return connection.execute(f"USE marts; {text}", values or None).fetchall()

    return query


def records(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def table(result: Result) -> list[list[str]]:
    assert result.exit_code == 0, result.stderr
    return list(csv.reader(io.StringIO(result.stdout)))


def column(result: Result, name: str) -> list[Any]:
    return [record[name] for record in records(result)]


# --- rank ---------------------------------------------------------------------------------------------------------


def test_rank_prints_the_marts(ask: Ask, marts: Marts) -> None:
    expected = marts(
        """
        SELECT need_rank, authority_code, authority_name, authority_type, region_name, need_score, need_band,
            published_share, is_mostly_published
        FROM composite_index JOIN dim_authority USING (authority_code) ORDER BY need_rank, authority_name
        """
    )
    found = records(ask("rank", "--json", "--top", "317"))
    assert [tuple(record.values())[1:] for record in found] == expected
    assert records(ask("rank", "--json")) == found[:20]
    heading, *rows = table(ask("rank", "--csv", "--top", "317"))
    assert heading == list(found[0])
    assert [float(row[heading.index("need_score")]) for row in rows] == [row[5] for row in expected]
    shown = ask("rank", "--top", "3").stdout.splitlines()
    assert shown[0] == "All missions: 3 of 317 councils"
    ranks, names, scores = zip(*((row[0], row[2], row[5]) for row in expected[:3]), strict=True)
    body = [line for line in shown if line.split()[:1] and line.split()[0].isdigit()]
    assert [int(line.split()[0]) for line in body] == list(ranks)
    for line, name, score in zip(body, names, scores, strict=True):
        assert name.split()[0] in line and f" {score:.1f} " in line


def test_rank_under_a_mission_and_filters(ask: Ask, marts: Marts) -> None:
    expected = marts(
        """
        SELECT need_rank, authority_name FROM mission_index JOIN dim_authority USING (authority_code)
        WHERE mission_id = 'crime' AND region_name = 'Yorkshire and The Humber' AND authority_type = 'unitary'
        ORDER BY ALL
        """
    )
    words = ("rank", "--region", "yorkshire", "--type", "Unitary")
    for mission in ("crime", "Safer streets", "SAFER STREETS"):
        result = ask(*words, "--mission", mission, "--json")
        assert [(r["need_rank"], r["authority_name"]) for r in records(result)] == expected
        assert result.stderr == "'yorkshire' is taken as Yorkshire and The Humber\n"
    title = ask(*words, "--mission", "crime").stdout.splitlines()[0]
    assert title == f"Safer streets, Yorkshire and The Humber, unitary: {len(expected)} of 317 councils"
    title = ask(*words, "--top", "2", columns=120).stdout.splitlines()[0]
    assert title.endswith(f": 2 of the {len(expected)} that match, of 317 councils")


@pytest.mark.parametrize("words", ["london_borough", "London borough", "LONDON-BOROUGH"])
def test_rank_takes_a_type_by_id_or_in_words(ask: Ask, words: str) -> None:
    assert len(records(ask("rank", "--type", words, "--top", "317", "--json"))) == 32


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("north west", "North West"), ("North Wset", "North West"), ("Yorkshire & Humber", "Yorkshire and The Humber")],
)
def test_rank_takes_a_region_by_a_near_spelling(ask: Ask, typed: str, meant: str) -> None:
    assert set(column(ask("rank", "--region", typed, "--json"), "region_name")) == {meant}


def test_rank_flags_what_is_mostly_not_published(ask: Ask, marts: Marts) -> None:
    [(flagged,)] = marts(
        "SELECT count(*) FROM mission_index WHERE mission_id = 'opportunity' AND NOT is_mostly_published"
    )
    assert flagged > 100
    shown = ask("rank", "--mission", "opportunity", "--type", "district", "--top", "4").stdout
    assert shown.count(" % *") == 4 and "* mostly not published" in shown
    assert "*" not in ask("rank", "--type", "unitary").stdout


@pytest.mark.parametrize("name", ["Barnsley", "Kent"])
def test_rank_of_neighbours_holds_the_council_and_its_peers(ask: Ask, marts: Marts, name: str) -> None:
    [(code,)] = marts("SELECT authority_code FROM dim_authority WHERE authority_name = ?", name)
    peers = marts("SELECT peer_code FROM authority_peer WHERE authority_code = ? AND peer_model = 'ons_global'", code)
    found = column(ask("rank", "--neighbours-of", name, "--json"), "authority_code")
    assert sorted(found) == sorted([code, *(peer for (peer,) in peers)])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--mission", "helth"), ["there is no mission 'helth'; the nearest: health", "crime (Safer streets)"]),
        (("--region", "Wales"), ["there is no region 'Wales'", "East of England", "Yorkshire and The Humber"]),
        (("--region", "east"), ["there is no region 'east'", "East Midlands", "East of England"]),
        (("--type", "borough"), ["there is no type 'borough'; the nearest: london_borough", "metropolitan_district"]),
        (("--neighbours-of", "Cumbria"), ["Cumberland; Westmorland and Furness"]),
        (("--json", "--csv"), ["--json and --csv exclude each other"]),
    ],
)
def test_rank_names_what_is_valid_where_words_are_wrong(ask: Ask, words: tuple[str, ...], expected: list[str]) -> None:
    result = ask("rank", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    for text in expected:
        assert text in result.stderr


# --- profile ------------------------------------------------------------------------------------------------------


def test_profile_prints_the_marts(ask: Ask, marts: Marts) -> None:
    [(code,)] = marts("SELECT authority_code FROM composite_index ORDER BY need_rank, authority_code LIMIT 1")
    found = records(ask("profile", code, "--json"))
    scores = marts(
        """
        SELECT 'composite', need_score, need_rank FROM composite_index WHERE authority_code = $1
        UNION ALL SELECT mission_id, need_score, need_rank FROM mission_index WHERE authority_code = $1
        """,
        code,
    )
    assert found["authority"]["authority_code"] == code
    assert sorted((s["index_id"], s["need_score"], s["need_rank"]) for s in found["scores"]) == sorted(scores)
    cells = marts(
        """
        SELECT indicator_id, score.value, need_rank, contribution, score.value_basis, score.period_end_date::VARCHAR,
            england.value
        FROM indicator_score AS score
        JOIN indicator_benchmark AS england USING (indicator_id)
        WHERE authority_code = ? AND area_code = 'E92000001' ORDER BY contribution DESC, indicator_id
        """,
        code,
    )
    keys = ["indicator_id", "value", "need_rank", "contribution", "value_basis", "period_end_date", "england_value"]
    assert [tuple(i[key] for key in keys) for i in found["indicators"]] == cells
    assert len(table(ask("profile", code, "--csv"))) == 1 + len(cells)
    raises, lowers = ask("profile", code, "--top", "66", columns=200).stdout.split("What lowers its need most")
    assert raises.count("published; ") + lowers.count("published; ") > 50
    assert all(i["indicator_title"] in raises for i in found["indicators"] if i["contribution"] > 0)
    assert all(i["indicator_title"] in lowers for i in found["indicators"] if i["contribution"] < 0)


def test_every_indicator_of_a_profile_names_the_publisher_of_its_own_source(ask: Ask, marts: Marts) -> None:
    """Hackney's child obesity comes from another publisher than that of nearly all other councils."""
    cells = {i["indicator_id"]: i for i in records(ask("profile", "Hackney", "--json"))["indicators"]}
    assert cells["year_6_obesity"]["publisher"] == "Office for Health Improvement and Disparities"
    assert all(cell["publisher"] for cell in cells.values())


def test_profile_says_what_is_not_published_and_why(ask: Ask) -> None:
    shown = ask("profile", "Isles of Scilly", "--top", "66", columns=160).stdout
    assert "estimated (" in shown and "stale (" in shown
    assert "England is of the period to " in shown
    assert "Health" in shown and " % *" in shown


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("E08000016", "Barnsley"),
        ("e08000038", "Barnsley"),  # since 2025
        ("blackpool", "Blackpool"),
        ("Bristol", "Bristol, City of"),
        ("Hull", "Kingston upon Hull, City of"),
        ("Herefordshire Council", "Herefordshire, County of"),
        ("Westminster City Council", "Westminster"),
        ("Royal Borough of Kensington & Chelsea", "Kensington and Chelsea"),
        ("St Helens", "St. Helens"),
        ("St. Albans", "St Albans"),
        ("kings lynn & west norfolk", "King's Lynn and West Norfolk"),
        ("King\u2019s Lynn and West Norfolk", "King's Lynn and West Norfolk"),
        ("stoke on trent", "Stoke-on-Trent"),
        ("Durham", "County Durham"),
        ("the Isle of Wight", "Isle of Wight"),
        ("City of London", "City of London"),
        ("Dorset", "Dorset"),  # also the name of a county that was split
        ("Somerset County Council", "Somerset"),
    ],
)
def test_profile_finds_a_council_by_what_it_is_called(ask: Ask, typed: str, name: str) -> None:
    result = ask("profile", typed, "--json")
    assert records(result)["authority"]["authority_name"] == name
    assert result.stderr == ""


def test_no_two_councils_go_by_one_name(marts: Marts) -> None:
    """Without titles too, so that each council is found by all its names; only Newcastle is asked about."""
    names = marts("SELECT authority_name, council_name FROM dim_authority")
    for key in (name_key, short_name_key):
        called = [{key(name), key(council)} for name, council in names]
        assert len(set().union(*called)) == sum(map(len, called))
        assert all(all(keys) for keys in called)


@pytest.mark.parametrize(
    ("typed", "name", "said"),
    [
        ("Craven", "North Yorkshire", "Craven has been part of North Yorkshire since 1 April 2023\n"),
        ("E07000163", "North Yorkshire", "Craven has been part of North Yorkshire since 1 April 2023\n"),
        ("Northampton Borough Council", "West Northamptonshire", "since 1 April 2021\n"),
        ("E08000020", "Gateshead", "E08000020 was the code of Gateshead until 1 April 2013\n"),
        ("E10000027", "Somerset", "E10000027 was the code of Somerset until 1 April 2023\n"),
    ],
)
def test_profile_finds_a_former_council_and_says_so(ask: Ask, typed: str, name: str, said: str) -> None:
    result = ask("profile", typed, "--json")
    assert records(result)["authority"]["authority_name"] == name
    assert result.stderr.endswith(said)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Cumbria", "was split on 1 April 2023 into: Cumberland; Westmorland and Furness"),
        ("E10000021", "was split on 1 April 2021 into: North Northamptonshire; West Northamptonshire"),
        ("E10000009", "was split on 1 April 2019 into: Bournemouth, Christchurch and Poole; Dorset"),
        ("Newcastle", "could be: Newcastle upon Tyne; Newcastle-under-Lyme"),
        ("London", "is a region: see `missions rank --region London`"),
        ("Blackpol", "there is no council 'Blackpol'; the nearest: Blackpool"),
        ("Barrow", "the nearest: Barrow-in-Furness"),
        ("xyzzy", "there is no council 'xyzzy'"),
        ("", "there is no council ''"),
    ],
)
def test_profile_takes_no_guess(ask: Ask, typed: str, said: str) -> None:
    result = ask("profile", typed)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


# --- indicator and sources ----------------------------------------------------------------------------------------


def test_indicator_prints_the_marts(ask: Ask, marts: Marts) -> None:
    found = records(ask("indicator", "fuel_poverty", "--json"))
    values = marts(
        "SELECT authority_code, value FROM indicator_score JOIN dim_authority USING (authority_code) "
        "WHERE indicator_id = 'fuel_poverty' ORDER BY need_rank, authority_name"
    )
    assert [(r["authority_code"], r["value"]) for r in found["authorities"]] == values
    [(effective_weight, skewness)] = marts(
        "SELECT effective_weight, skewness_before FROM dim_indicator JOIN indicator_treatment USING (indicator_id) "
        "WHERE indicator_id = 'fuel_poverty'"
    )
    assert found["indicator"]["effective_weight"] == effective_weight
    assert found["indicator"]["skewness_before"] == skewness
    assert sum(basis["authorities"] for basis in found["coverage"]) == 317
    heading, *rows = table(ask("indicator", "Fuel-Poverty", "--csv"))
    assert [(row[1], float(row[heading.index("value")])) for row in rows] == values
    shown = ask("indicator", "fuel_poverty").stdout
    assert f"which is {100 * effective_weight:.2f} % of the composite" in shown
    assert found["indicator"]["landing_page"] in shown  # not broken over lines


def test_indicator_names_the_councils_whose_value_is_not_of_now(ask: Ask, marts: Marts) -> None:
    [(indicator_id, names)] = marts(
        "SELECT indicator_id, list(authority_name ORDER BY authority_name) FROM indicator_score "
        "JOIN dim_authority USING (authority_code) WHERE value_basis = 'estimated' GROUP BY ALL "
        "ORDER BY count(*) DESC, indicator_id LIMIT 1"
    )
    shown = " ".join(ask("indicator", indicator_id).stdout.split())
    assert f"Estimated ({len(names)}): {names[0]}" in shown


def test_every_indicator_is_printed(ask: Ask, marts: Marts) -> None:
    for (indicator_id,) in marts("SELECT DISTINCT ON (unit) indicator_id FROM dim_indicator"):
        result = ask("indicator", indicator_id)
        assert result.exit_code == 0, result.stderr
        assert max(len(line) for line in result.stdout.splitlines() if "http" not in line) <= 80


def test_unknown_indicator_and_source_name_the_nearest(ask: Ask) -> None:
    result = ask("indicator", "smokng")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "there is no indicator 'smokng'; the nearest: smoking (Adults who smoke)\n"
    result = ask("sources", "ons_claimant")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the nearest: ons_claimant_count" in result.stderr


def test_sources_lists_each_once_and_shows_the_files_of_one(ask: Ask, marts: Marts) -> None:
    ids = marts(
        "SELECT DISTINCT unnest(string_split(source_ids, ', ')) AS source_id FROM dim_source ORDER BY source_id"
    )
    assert column(ask("sources", "--json"), "source_id") == [source for (source,) in ids]
    assert len(table(ask("sources", "--csv"))) == 1 + len(ids)
    lines = ask("sources").stdout.splitlines()
    assert [(line,) for line in lines if (line,) in ids] == ids
    files = marts("SELECT path, sha256 FROM dim_source WHERE source_ids LIKE '%ons_claimant_count%' ORDER BY path")
    found = records(ask("sources", "ons_claimant_count", "--json"))
    assert [(file["path"], file["sha256"]) for file in found] == files
    assert date.fromisoformat(found[0]["snapshot_date"])
    shown = ask("sources", "ons_claimant_count").stdout
    assert all(path in shown and sha256 in shown for path, sha256 in files)


# --- sql ----------------------------------------------------------------------------------------------------------


def test_sql_prints_a_screenful_or_all(ask: Ask, marts: Marts) -> None:
    query = "SELECT authority_code, need_rank FROM marts.composite_index ORDER BY ALL"
    expected = marts(query)
    assert [tuple(record.values()) for record in records(ask("sql", query, "--json"))] == expected
    assert table(ask("sql", query, "--csv"))[1:] == [[code, str(rank)] for code, rank in expected]
    shown = ask("sql", query).stdout
    assert expected[39][0] in shown and expected[40][0] not in shown
    assert shown.endswith("… 277 more rows; use --csv\n")


def test_sql_prints_every_kind_of_value(ask: Ask) -> None:
    query = (
        "SELECT 'nan'::DOUBLE AS a, 1.50::DECIMAL(4, 2) AS b, DATE '2024-01-31' AS c, [1, 2] AS d, NULL AS e, "
        "true AS f, 0.1 + 0.2::DOUBLE AS g, {'h': '[red]£'} AS h"
    )
    expected = {"a": None, "b": 1.5, "c": "2024-01-31", "d": [1, 2], "e": None, "f": True, "g": 0.1 + 0.2}
    assert records(ask("sql", query, "--json")) == [expected | {"h": {"h": "[red]£"}}]
    row = ["nan", "1.50", "2024-01-31", "[1, 2]", "", "true", "0.30000000000000004", '{"h": "[red]£"}']
    assert table(ask("sql", query, "--csv"))[1] == row
    assert '{"h": "[red]£"}' in ask("sql", query).stdout
    assert table(ask("sql", "FROM dim_mission WHERE false", "--csv"))[1:] == []


def test_sql_stands_rows_that_are_too_wide_on_their_side(ask: Ask) -> None:
    shown = ask("sql", "FROM dim_indicator LIMIT 1").stdout
    assert "indicator_id " in shown and "effective_weight " in shown and "…" not in shown


def test_sql_says_what_it_cannot_print(ask: Ask) -> None:
    result = ask("sql", "SELECT 1 AS a, 2 AS a", "--json")
    assert (result.exit_code, result.stdout) == (1, "") and "same name" in result.stderr
    result = ask("sql", " ; ")
    assert (result.exit_code, result.stderr) == (2, "there is no SQL to run\n")


# --- load, snapshot and build -------------------------------------------------------------------------------------


def run(*words: str) -> Result:
    return CliRunner().invoke(cli.app, words)


def test_load_fills_the_build_file_or_says_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_file = tmp_path / "build" / "warehouse.duckdb"
    monkeypatch.setattr("missions.cli.work.WAREHOUSE", build_file)
    result = run("load")
    assert (result.exit_code, result.stderr) == (0, "")
    with duckdb.connect(str(build_file), read_only=True) as connection:
        tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw'").fetchall()
    assert f"{len(tables)} tables with " in result.stdout and str(build_file) in result.stdout

    def fail(*arguments: object) -> None:
        raise SeedError("seeds/a.csv", "9 cells where 8 belong", 3)

    monkeypatch.setattr("missions.sources.load.load_all", fail)
    result = run("load")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "seeds/a.csv, line 3: 9 cells where 8 belong\n"


def test_snapshot_reports_or_says_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    monkeypatch.setattr("missions.sources.snapshot.snapshot", lambda folder, report: taken.append(folder))
    result = run("snapshot", "--from", str(tmp_path))
    assert (result.exit_code, taken) == (0, [tmp_path])
    assert "seeds written to " in result.stdout
    monkeypatch.undo()
    result = run("snapshot", "--from", str(tmp_path))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"{tmp_path} lacks ")
    assert run("snapshot", "--from", str(tmp_path / "nowhere")).exit_code == 2


def test_build_prints_the_ten_and_how_to_open_them(
    publication: Path, marts: Marts, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = ModuleType("orchestration.run")
    pipeline.__dict__.update(RunError=RuntimeError, run_index=lambda target: publication / DATABASE)
    monkeypatch.setitem(sys.modules, "orchestration.run", pipeline)
    result = CliRunner().invoke(cli.app, ["build"], env={"COLUMNS": "120"})
    assert (result.exit_code, result.stderr) == (0, "")
    names = marts(
        "SELECT authority_name FROM composite_index JOIN dim_authority USING (authority_code) WHERE need_rank < 11"
    )
    assert all(name in result.stdout for (name,) in names)
    shell, _, python = (line.strip() for line in result.stdout.splitlines()[-3:])
    assert shell == f"duckdb -readonly {publication / DATABASE}"
    opened = subprocess.run([sys.executable, "-c", python], capture_output=True, text=True)
    assert opened.returncode == 0 and "need_score" in opened.stdout

    def fail(target: str) -> None:
        raise RuntimeError("The run failed.\n\nraw/ons_claimant_count: line 5")

    pipeline.__dict__["run_index"] = fail
    result = run("build")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "The run failed.\n\nraw/ons_claimant_count: line 5\n"


# --- The command as a whole ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", [["rank"], ["profile", "Kent"], ["indicator", "robbery"], ["sources"], ["sql", "FROM x"]]
)
def test_nothing_published_yet(tmp_path: Path, command: list[str]) -> None:
    result = run("--published", str(tmp_path), *command)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("nothing is published yet; run `make index`")


def test_a_damaged_publication_gives_a_message(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_text("no database")
    result = run("--published", str(tmp_path), "rank")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "not a valid DuckDB database file" in result.stderr and "Traceback" not in result.stderr


def test_the_process_keeps_data_and_messages_apart(publication: Path, missions: Callable[..., Any]) -> None:
    here = {"MISSIONS_PUBLISHED": str(publication)}
    good = missions("profile", "Craven", "--json", **here)
    assert good.returncode == 0 and json.loads(good.stdout)["authority"]["authority_name"] == "North Yorkshire"
    assert good.stderr == "Craven has been part of North Yorkshire since 1 April 2023\n"
    wrong = missions("profile", "Blackpol", **here)
    assert (wrong.returncode, wrong.stdout) == (2, "") and "Blackpool" in wrong.stderr
    assert missions("--version").stdout.strip().count(".") == 2


def test_reading_imports_nothing_heavy() -> None:
    """`missions rank` starts fast because dagster, dbt, pandas and the registry stay out."""
    script = (
        "import sys, missions.cli; "
        "print([m for m in ('dagster', 'dbt', 'pandas', 'numpy', 'pyarrow', 'yaml', 'rapidfuzz') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# --- Words and numbers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (12.34, "percent", "12.3 %"),
        (4.0, "percent", "4 %"),
        (3.4, "percent", "3.4 %"),
        (100.0, "percent", "100 %"),
        (25425.0, "GBP", "£25,425"),
        (648.4, "GBP", "£648.40"),
        (39.94000680537164, "GBP", "£39.94"),
        (1788.2722, "patients", "1,788"),
        (7.64, "ratio", "7.64"),
        (139.28608, "per 100000 aged 10 to 17", "139.3"),
        (0.01834184786245522, "MWh per household", "0.018"),
        (0.0, "per 1000 people", "0"),
    ],
)
def test_values_are_rounded_for_people(value: float, unit: str, text: str) -> None:
    assert value_words(value, unit) == text


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        ("2024-01-01", "2024-12-31", "2024"),
        ("2022-01-01", "2024-12-31", "2022 to 2024"),
        ("2024-07-01", "2025-06-30", "year to 30 June 2025"),
        ("2024-03-01", "2025-02-28", "year to 28 February 2025"),
        ("2024-11-16", "2025-11-15", "year to 15 November 2025"),
        ("2016-04-01", "2026-03-31", "10 years to 31 March 2026"),
        ("2024-01-10", "2024-03-31", "10 January 2024 to 31 March 2024"),
        ("2026-01-01", "2026-01-01", "1 January 2026"),
        (None, "2024-12-31", "to 31 December 2024"),
    ],
)
def test_periods_are_told_in_words(start: str | None, end: str, text: str) -> None:
    assert period_words(date.fromisoformat(start) if start else None, date.fromisoformat(end)) == text
