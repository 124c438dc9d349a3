"""What if: no changes give the official ranks, each choice does what it says, and impossible choices are refused."""

import csv
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner, Result

from missions import cli
from missions.errors import WhatIfError
from missions.publication.folder import DATABASE
from missions.scoring.what_if import AGGREGATIONS, NORMALISATIONS, TREATMENTS, Choices, what_if

Ask = Callable[..., Result]
Ranks = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(publication: Path) -> Ask:
    def run(*words: str) -> Result:
        return CliRunner().invoke(cli.app, ["--published", str(publication), "what-if", *words], env={"COLUMNS": "100"})

    return run


@pytest.fixture
def ranks(publication: Path) -> Ranks:
    """The scores under some choices, by council."""

    def run(index_id: str = "composite", **choices: Any) -> dict[str, Any]:
        with what_if(publication / DATABASE, Choices(index_id, **choices)) as connection:
            found = connection.execute("SELECT authority_code, new_score, new_rank, official_rank FROM what_if")
            return {code: rest for code, *rest in found.fetchall()}

    return run


def query(publication: Path, text: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(publication / DATABASE), read_only=True) as connection:
        return connection.execute(f"USE marts; {text}").fetchall()


@pytest.mark.parametrize("index_id", ["composite", "health", "crime"])
def test_no_choice_gives_the_official_ranks(ranks: Ranks, publication: Path, index_id: str) -> None:
    table = "composite_index" if index_id == "composite" else f"mission_index WHERE mission_id = '{index_id}'"
    official = {
        c: (s, r) for c, s, r in query(publication, f"SELECT authority_code, need_score, need_rank FROM {table}")
    }
    found = ranks(index_id)
    assert {code: rank for code, (_, rank, _) in found.items()} == {code: rank for code, (_, rank) in official.items()}
    assert max(abs(score - official[code][0]) for code, (score, _, _) in found.items()) < 1e-9


def test_weights_are_those_of_the_weighted_mean(ranks: Ranks, publication: Path) -> None:
    """Calculated from the published missions: health at 2, clean energy left out, the rest at 1."""
    rows = query(
        publication,
        """
        WITH mean AS (
            SELECT authority_code, is_in_reference_set,
                sum(need_z * CASE mission_id WHEN 'health' THEN 2 ELSE 1 END) AS x
            FROM mission_index JOIN dim_authority USING (authority_code)
            WHERE mission_id <> 'energy' GROUP BY ALL
        )
        SELECT authority_code, 100 + 10 * (x - avg(x) FILTER (is_in_reference_set) OVER ())
            / stddev_samp(x) FILTER (is_in_reference_set) OVER ()
        FROM mean
        """,
    )
    found = ranks(weights={"health": 2}, dropped=("energy",))
    assert max(abs(found[code][0] - score) for code, score in rows) < 1e-9
    # Only the proportions of weights matter, and a weight of zero is the same as dropping.
    scaled = {"growth": 3.0, "crime": 3.0, "opportunity": 3.0, "health": 6.0, "energy": 0.0}
    assert max(abs(found[code][0] - score) for code, (score, *_) in ranks(weights=scaled).items()) < 1e-9


def test_a_dropped_indicator_counts_for_nothing_in_its_mission(ranks: Ranks) -> None:
    assert ranks("crime", dropped=("robbery",)) == ranks("crime", weights={"robbery": 0.0})
    assert ranks("crime", dropped=("robbery",)) != ranks("crime")


@pytest.mark.parametrize("name", NORMALISATIONS)
def test_every_normalisation_ranks_all(ranks: Ranks, name: str) -> None:
    found = ranks(normalisation=name)
    assert len(found) == 317
    assert all(rank == official for _, rank, official in found.values()) == (name == "z_score")


@pytest.mark.parametrize("name", [name for name in AGGREGATIONS if name != "arithmetic"])
@pytest.mark.parametrize("normalisation", [None, "min_max", "rank", "exponential"])
def test_means_that_need_positive_numbers_get_them(ranks: Ranks, name: str, normalisation: str | None) -> None:
    found = ranks(aggregation=name, normalisation=normalisation)
    assert len(found) == 317
    assert any(rank != official for _, rank, official in found.values())
    # These means let one low mission count for more.
    assert found != ranks(normalisation=normalisation)


@pytest.mark.parametrize("index_id", ["composite", "energy"])
@pytest.mark.parametrize(
    "choice", [{"normalisation": "percentile_rank"}, {"normalisation": "min_max"}, {"treatment": "none"}], ids=str
)
def test_a_choice_of_method_is_the_same_in_the_mart(
    ranks: Ranks, publication: Path, choice: dict[str, str], index_id: str
) -> None:
    """The shortcut that the draws use, with nothing drawn, gives the same ranks as the method."""
    [(factor, option)] = choice.items()
    in_mart = query(
        publication,
        f"SELECT authority_code, need_rank FROM rank_by_method_choice WHERE index_id = '{index_id}' "
        f"AND factor = '{factor}' AND option = '{option}'",
    )
    found = ranks(index_id, **choice)
    assert {code: rank for code, (_, rank, _) in found.items()} == dict(in_mart)


@pytest.mark.parametrize("name", TREATMENTS)
def test_every_treatment_ranks_all(ranks: Ranks, name: str) -> None:
    assert len(ranks(treatment=name)) == 317


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"weights": {"health": -1.0}}, "must be 0 or more, not"),
        ({"weights": {"health": float("nan")}}, "must be 0 or more, not"),
        ({"weights": {"health": 2.0}, "dropped": ("health",)}, "cannot be dropped and given a weight"),
        ({"dropped": ("growth", "energy", "crime", "opportunity", "health")}, "nothing is left under"),
        ({"index_id": "health", "dropped": ("robbery",)}, "robbery is not part of Health"),
        ({"index_id": "health", "dropped": ("health",)}, "is the index being ranked"),
        ({"aggregation": "geometric", "normalisation": "z_score"}, "leave out --normalisation"),
        ({"aggregation": "harmonic", "normalisation": "percentile_rank"}, "needs numbers above zero"),
    ],
)
def test_what_makes_no_index_is_refused(ranks: Ranks, choices: dict[str, Any], message: str) -> None:
    with pytest.raises(WhatIfError, match=message):
        ranks(**choices)


def test_a_mission_without_indicators_is_refused(ranks: Ranks, publication: Path) -> None:
    themes = [i for (i,) in query(publication, "SELECT theme_id FROM dim_theme WHERE mission_id = 'crime'")]
    with pytest.raises(WhatIfError, match="nothing is left under Safer streets; to leave it out, use --drop crime"):
        ranks(dropped=tuple(themes))
    with pytest.raises(WhatIfError, match="no weight is left under Safer streets"):
        ranks(weights=dict.fromkeys(themes, 0.0))


def test_a_theme_without_indicators_is_refused(ranks: Ranks) -> None:
    crimes = ("sexual_offences", "stalking_and_harassment")
    with pytest.raises(WhatIfError, match=r"nothing is left under .*use --drop violence_against_women_and_girls"):
        ranks(dropped=crimes)
    assert ranks(dropped=("violence_against_women_and_girls",)) != ranks()


# --- The command ------------------------------------------------------------------------------------------------------


def test_the_command_prints_what_the_method_gives(ask: Ask, ranks: Ranks) -> None:
    words = ("--weight", "Health=2", "--drop", "robbery", "--normalisation", "percentile_rank")
    result = json.loads(ask(*words, "--json").stdout)
    assert list(result) == [
        *("index_id", "weights", "dropped", "treatment", "normalisation", "aggregation", "framework", "notes"),
        *("summary", "authorities"),
    ]
    assert result["weights"] == {"health": 2.0}
    expected = ranks(weights={"health": 2.0}, dropped=("robbery",), normalisation="percentile_rank")
    assert {
        r["authority_code"]: [r["new_score"], r["new_rank"], r["official_rank"]] for r in result["authorities"]
    } == (expected)
    moved = [r["rank_change"] for r in result["authorities"]]
    assert moved == [r["new_rank"] - r["official_rank"] for r in result["authorities"]]
    assert result["summary"]["authorities_moved"] == sum(move != 0 for move in moved)
    assert result["summary"]["most_places_moved"] == max(map(abs, moved))
    rows = list(csv.DictReader(io.StringIO(ask(*words, "--csv").stdout)))
    assert [r["authority_code"] for r in rows] == [r["authority_code"] for r in result["authorities"]]
    shown = ask(*words, "--top", "3").stdout
    best = next(r for r in result["authorities"] if r["rank_change"] == min(moved))
    assert best["authority_name"].split()[0] in shown
    assert f"{min(moved):+}" in shown and f"{max(moved):+}" in shown


def test_the_command_without_choices_changes_nothing(ask: Ask) -> None:
    summary = json.loads(ask("--json").stdout)["summary"]
    assert (summary["authorities"], summary["authorities_moved"]) == (317, 0)
    assert "0 of 317 councils move" in ask().stdout


def test_the_official_rank_has_its_range_and_its_note(ask: Ask, publication: Path) -> None:
    columns = "rank_percentile_5, rank_percentile_95, rank_note, is_too_uncertain_to_place"
    for index, table in (("", "composite_index"), ("crime", "mission_index")):
        found = json.loads(ask("--json", *(("--mission", index) if index else ())).stdout)["authorities"]
        expected = query(
            publication,
            f"SELECT authority_code, {columns} FROM {table} JOIN rank_uncertainty USING (authority_code) "
            f"WHERE index_id = {'mission_id AND mission_id = ' if index else ''}'{index or 'composite'}'",
        )
        names = ["authority_code", *columns.split(", ")]
        assert {tuple(r[name] for name in names) for r in found} == set(expected)
    named = json.loads(ask("--json", "City of London", "Blackpool").stdout)["authorities"]
    rows = {r["authority_name"]: r for r in named}
    shown = {
        name: next(line.split() for line in ask(name).stdout.splitlines() if name in line and ":" not in line)
        for name in rows
    }
    for name, row in rows.items():
        official = [] if row["is_too_uncertain_to_place"] else [str(row["official_rank"])]
        interval = [f"{row['rank_percentile_5']:.0f}", "to", f"{row['rank_percentile_95']:.0f}"]
        assert shown[name][: len(official) + 4] == [str(row["new_rank"]), *official, *interval]
    assert rows["City of London"]["is_too_uncertain_to_place"] and not rows["Blackpool"]["is_too_uncertain_to_place"]
    assert "City of London, All missions: No single rank is given" in " ".join(ask("City of London").stdout.split())


def test_the_command_shows_the_councils_that_are_named(ask: Ask) -> None:
    drop = ("--drop", "Economic growth", "--mission", "health")
    assert "growth is not part of Health" in ask(*drop).stderr
    for words in (("Tower", "Hamlets"), ("Tower Hamlets",), ("Tower Hamlets", "Kent")):
        result = json.loads(ask("--drop", "Economic growth", "--json", *words).stdout)
        names = {r["authority_name"] for r in result["authorities"]}
        assert names == {"Tower Hamlets", *words[1:]} - {"Hamlets"}
        assert result["summary"]["authorities"] == 317


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--weight", "helth=2"), "No mission, theme or indicator 'helth'. Did you mean health"),
        (("--weight", "health"), "'health' is not a weight: give NODE=NUMBER"),
        (("--weight", "health=much"), "is not a weight"),
        (("--weight", "health=1", "--weight", "Health=2"), "Two weights are given for health"),
        (("--drop", "composite"), "No mission, theme or indicator 'composite'"),
        (("--normalisation", "goalposts"), "No normalisation 'goalposts'"),
        (("--aggregation", "median"), "No aggregation 'median'"),
        (("--mission", "wealth"), "No mission 'wealth'"),
        (("Nowhere",), "No council named 'Nowhere'"),
        (("--weight", "health=-1"), "must be 0 or more, not"),
    ],
)
def test_the_command_says_what_is_wrong(ask: Ask, words: tuple[str, ...], message: str) -> None:
    result = ask(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_the_command_takes_less_than_three_seconds(missions: Any, database: Path) -> None:
    begun = time.monotonic()
    result = missions("what-if", "--weight", "health=2", "--drop", "robbery", "--normalisation", "percentile_rank")
    assert result.returncode == 0, result.stderr
    assert time.monotonic() - begun < 3


def test_the_first_framework_ranks_as_the_comparison_says(publication: Path) -> None:
    with what_if(publication / DATABASE, Choices("composite", framework="first")) as connection:
        differing = connection.execute(
            """
            SELECT count(*), count(*) FILTER (new_rank <> other_need_rank OR abs(new_score - other_need_score) > 1e-9)
            FROM what_if JOIN published.marts.framework_comparison USING (authority_code)
            WHERE framework_comparison.index_id = 'composite' AND other_framework_id = 'first'
            """
        ).fetchone()
    assert differing == (317, 0)
