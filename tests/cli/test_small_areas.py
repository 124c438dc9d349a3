"""The command small-areas lists neighbourhoods by name, and shows the one that a postcode is in."""

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from missions import cli


def ask(publication: Path, *words: str) -> Result:
    return CliRunner().invoke(cli.app, ["--published", str(publication), "small-areas", *words], env={"COLUMNS": "120"})


def test_a_postcode_shows_its_small_area_and_those_of_its_council(publication: Path) -> None:
    said = ask(publication, "FY1", "1AN", "--top", "3")
    assert said.exit_code == 0
    for words in ("FY1 1AN is in Blackpool 006A, North Shore", "What drives it", "3 of 94 small areas", "of 33,755"):
        assert words in said.output


def test_data_has_every_small_area(publication: Path) -> None:
    found = json.loads(ask(publication, "Blackpool", "--json").stdout)
    assert len(found["small_areas"]) == 94 and found["small_area"] is None


def test_a_wrong_postcode_ends_with_what_is_wrong(publication: Path) -> None:
    said = ask(publication, "FY1 1ZZ")
    assert said.exit_code == 2 and "There is no live postcode FY1 1ZZ" in said.output
