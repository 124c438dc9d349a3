"""The Python API: every example in docs/python.md runs, and answers match the marts and the command."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from typer.testing import CliRunner

import missions
from missions import cli
from missions.errors import MissionsError, UsageError
from missions.publication.folder import DATABASE
from missions.reading.index import Index
from tests.conftest import ROOT
from tests.support.markdown import fences

PAGE = (ROOT / "docs/python.md").read_text(encoding="utf-8")
EXAMPLES = [text for _, _, text in fences(PAGE, "python")]


@pytest.fixture
def index(publication: Path) -> Iterator[Index]:
    with missions.open(publication) as opened:
        yield opened


def test_every_example_of_the_page_prints_something(
    publication: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The examples run in order, each using the ones before."""
    monkeypatch.chdir(publication.parent)
    names: dict[str, object] = {}
    for example in EXAMPLES:
        exec(example, names)
        assert capsys.readouterr().out.strip(), example
    opened = names["index"]
    assert isinstance(opened, Index)
    opened.close()


def test_the_page_names_every_call() -> None:
    calls = {name for name in vars(Index) if not name.startswith("_")}
    assert set(re.findall(r"index\.(\w+)", PAGE)) == calls


def test_ranks_are_those_of_the_marts(index: Index, publication: Path) -> None:
    health = index.rank(mission="Health")
    assert list(health["need_rank"]) == sorted(health["need_rank"])
    index.close()
    with duckdb.connect(str(publication / DATABASE), read_only=True) as connection:
        expected = connection.execute(
            "SELECT authority_code, need_score FROM marts.mission_index WHERE mission_id = 'health'"
        ).df()
    found = health.set_index("authority_code")["need_score"].sort_index()
    pd.testing.assert_series_equal(found, expected.set_index("authority_code")["need_score"].sort_index())


@pytest.mark.parametrize("question", ["profile", "explain", "trend"])
def test_answers_are_those_of_the_command(index: Index, publication: Path, question: str) -> None:
    answer = getattr(index, question)("Kent")
    index.close()
    printed = CliRunner().invoke(cli.app, ["--published", str(publication), question, "Kent", "--json"])
    records = json.loads(printed.stdout)
    assert list(answer.parts) == list(records)
    for name, part in answer.parts.items():
        assert len(part) == len(records[name]), name
        if isinstance(part, pd.DataFrame):
            assert list(part.columns) == list(records[name][0]), name


def test_columns_have_their_type_though_all_their_values_are_missing(index: Index) -> None:
    ids = index.indicators()["indicator_id"]
    frames = [index.indicator(indicator_id).authorities for indicator_id in ids]
    assert {str(frame["value_upper_95"].dtype) for frame in frames} == {"float64"}
    assert {str(frame["period_start_date"].dtype) for frame in frames} == {"datetime64[us]"}
    assert any(frame["value_upper_95"].isna().all() for frame in frames)


def test_what_a_name_was_taken_for_is_a_warning(index: Index) -> None:
    with pytest.warns(UserWarning, match="Craven has been part of North Yorkshire"):
        assert index.profile("Craven").authority["authority_name"] == "North Yorkshire"
    with pytest.warns(UserWarning, match="Taking 'yorkshire' to mean Yorkshire and The Humber"):
        assert set(index.rank(region="yorkshire")["region_name"]) == {"Yorkshire and The Humber"}


def test_what_is_not_known_raises(index: Index, tmp_path: Path) -> None:
    for ask in (
        lambda: index.find("xyzzy"),
        lambda: index.rank(mission="helth"),
        lambda: index.rank(peers="open"),
        lambda: index.compare("Kent"),
        lambda: index.table("composite"),
    ):
        with pytest.raises(UsageError):
            ask()
    with pytest.raises(MissionsError, match="Nothing is published yet"):
        missions.open(tmp_path)


def test_the_published_file_is_all_that_a_query_reads(index: Index, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    with pytest.raises(duckdb.Error):
        index.sql(f"FROM '{tmp_path / 'a.csv'}'")


def test_importing_the_library_is_quick() -> None:
    script = "import sys, missions; print([m for m in ('duckdb', 'pandas', 'typer') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
