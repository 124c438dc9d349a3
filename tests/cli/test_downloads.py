"""Whatever commands print as CSV and JSON says what it is of: council, indicator, unit, polarity, publication."""

import csv
import io
import json

import pytest
import typer

from missions import cli
from tests.support.commands import Ask
from tests.support.downloads import lacking, record_lists

# Every command with --csv or --json, with words to run it. Those with None print what they are asked for (sql) or
# report on the seeds, before there is a publication (refresh).
COMMANDS: dict[str, tuple[str, ...] | None] = {
    "rank": ("--neighbours-of", "Kent"),
    "brief": ("Leeds",),
    "profile": ("Leeds",),
    "small-areas": ("Leeds",),
    "indicator": ("smoking",),
    "sources": (),
    "sql": None,
    "explain": ("Leeds",),
    "compare": ("Leeds", "Kent"),
    "trend": ("Leeds",),
    "history": (),
    "diff": ("current", "current"),
    "what-if": ("--drop", "health"),
    "refresh": None,
    "editions": (),
}


def test_every_command_that_prints_data_is_here() -> None:
    commands = typer.main.get_command(cli.app).commands  # type: ignore[attr-defined]
    options = {name: {text for option in command.params for text in option.opts} for name, command in commands.items()}
    assert {name for name, has in options.items() if has & {"--csv", "--json"}} == set(COMMANDS)


@pytest.mark.parametrize("name", [name for name, words in COMMANDS.items() if words is not None])
def test_commands_say_what_their_rows_are_of(ask: Ask, name: str) -> None:
    words = COMMANDS[name] or ()
    if name != "brief":  # which has sentences, not rows
        printed = ask(name, *words, "--csv")
        assert printed.exit_code == 0, printed.stderr
        columns, *rows = csv.reader(io.StringIO(printed.stdout))
        assert not lacking(columns)
        assert rows or name == "diff"
        assert all(row[columns.index("publication_id")] for row in rows)
    found = json.loads(ask(name, *words, "--json").stdout)
    # An object may name its publication once for all its rows.
    named = {key for key in found if "publication_id" in key} if isinstance(found, dict) else set()
    for part, records in record_lists(found):
        assert not lacking({*records[0], *named}), part
    assert named or list(record_lists(found))


def test_a_rank_among_neighbours_is_beside_the_rank_in_england(ask: Ask) -> None:
    rows = list(csv.DictReader(io.StringIO(ask("rank", "--neighbours-of", "Kent", "--csv").stdout)))
    assert [int(row["rank_in_list"]) for row in rows] == list(range(1, len(rows) + 1))
    assert {(row["listed_councils"], row["ranked_councils"]) for row in rows} == {(str(len(rows)), "317")}
    ranks = [int(row["need_rank"]) for row in rows]
    assert ranks == sorted(ranks) and ranks[0] > 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("rank", "--region", "London", "--county", "Kent"), "No council is in all of London, Kent"),
        (("rank", "--region", "London", "--type", "county"), "No council is in all of London, county"),
        (("indicator", "no such thing"), "No indicator 'no such thing'"),
    ],
)
def test_an_empty_answer_says_why(ask: Ask, words: tuple[str, ...], why: str) -> None:
    for as_data in ((), ("--csv",), ("--json",)):
        found = ask(*words, *as_data)
        assert found.exit_code != 0 and found.stdout == "" and why in found.stderr
