"""Successive publications are kept up to a limit, listed with what each changed, and compared in pairs."""

import json
import shutil
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from missions.cli import app
from missions.publication.change import PUBLICATION_CHANGE, write_publication_change
from missions.publication.comparable import COMPARED
from missions.publication.folder import DATABASE, kept, verify
from missions.publication.publish import publish
from tests.support.publications import REVISE, rescore

NEW_PERIOD = (
    "UPDATE indicator_score SET value = value * 1.1 + 0.01 * (need_rank % 7), "
    "period_start_date = period_start_date + INTERVAL 1 YEAR, period_end_date = period_end_date + INTERVAL 1 YEAR "
    "WHERE indicator_id = 'smoking'"
)


def ask(published: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["--published", str(published), *words], env={"COLUMNS": "200"})


@pytest.fixture(scope="module")
def three(database: Path, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published folder with three successive publications: the real one, a revised figure, a newer period."""
    from orchestration.dbt import fresh_manifest

    manifest = json.loads(fresh_manifest().read_text())
    definition = manifest["sources"][f"source.missions_index.publication.{PUBLICATION_CHANGE}"]
    folder = tmp_path_factory.mktemp("three")
    published, build = folder / "published", folder / "build.duckdb"
    with duckdb.connect(str(build)) as connection:
        # With keys and comments, which a publication needs.
        connection.execute(f"ATTACH '{home / 'build/warehouse.duckdb'}' AS whole (READ_ONLY); CREATE SCHEMA marts")
        for name in COMPARED:
            ddl = connection.execute(
                "SELECT sql FROM duckdb_tables() WHERE database_name = 'whole' AND schema_name = 'marts' "
                "AND table_name = ?",
                [name],
            ).fetchall()[0][0]
            connection.execute(ddl.replace("whole.marts.", "marts."))
            connection.execute(f"INSERT INTO marts.{name} FROM whole.marts.{name}")
    for change in (None, REVISE, NEW_PERIOD):
        if change:
            with duckdb.connect(str(build)) as connection:
                connection.execute(f"USE marts; {change}")
            rescore(build)
        write_publication_change(build, published, definition)
        publish(build, published, attribution="none", unhashed={PUBLICATION_CHANGE})
    return published


def test_history_lists_publications_newest_first_with_what_each_changed(three: Path) -> None:
    listed = json.loads(ask(three, "history", "--json").stdout)
    ids = [folder.name for folder in kept(three)]
    assert [record["publication_id"] for record in listed] == ids == sorted(ids, reverse=True)
    assert [record["is_current"] for record in listed] == [True, False, False]
    assert [record["previous_publication_id"] for record in listed] == [ids[1], ids[2], None]
    assert "new period" in listed[0]["in_short"] and "moved" in listed[0]["in_short"]
    assert "data revision" in listed[1]["in_short"]
    assert listed[2]["in_short"] == "first publication"
    shown = ask(three, "history", "--verify")
    assert shown.exit_code == 0, shown.output
    assert all(record["publication_id"] in shown.stdout and record["in_short"] in shown.stdout for record in listed)
    assert ask(three, "history", "--csv").stdout.count("\n") == 4


@pytest.mark.parametrize(("old", "new"), [(2, 1), (1, 0), (2, 0), (0, 2)], ids=["1-2", "2-3", "1-3", "3-1"])
def test_any_two_publications_can_be_compared(three: Path, old: int, new: int) -> None:
    ids = [folder.name for folder in kept(three)]
    found = json.loads(ask(three, "diff", ids[old], ids[new], "--json").stdout)
    assert (found["previous_publication_id"], found["new_publication_id"]) == (ids[old], ids[new])
    causes = {r["cause"] for r in found["changes"] if r["index_kind"] == "composite"}
    assert causes == {(2, 1): {"data_revision"}, (1, 0): {"new_period"}}.get((old, new), {"new_period"})


def test_two_steps_add_up_to_the_whole_change(three: Path) -> None:
    """The first of two comparisons ends with the ranks that the second begins with."""
    ids = [folder.name for folder in kept(three)]

    def composite(old: str, new: str) -> dict[str, tuple[int, int]]:
        changes = json.loads(ask(three, "diff", old, new, "--json").stdout)["changes"]
        return {
            r["authority_code"]: (r["previous_rank"], r["new_rank"]) for r in changes if r["index_kind"] == "composite"
        }

    first, second, whole = composite(ids[2], ids[1]), composite(ids[1], ids[0]), composite(ids[2], ids[0])
    for code, (was, now) in whole.items():
        middle = first[code][1] if code in first else was
        assert first.get(code, (was, middle))[0] == was
        assert second.get(code, (middle, middle)) == (middle, now)


def test_a_damaged_publication_is_found_and_named(three: Path, tmp_path: Path) -> None:
    copy = tmp_path / "published"
    shutil.copytree(three, copy, symlinks=True)
    oldest = kept(copy)[-1]
    (oldest / "csv/dim_authority.csv").write_text("changed\n")
    assert ask(copy, "history").exit_code == 0
    found = ask(copy, "history", "--verify")
    assert found.exit_code == 1
    assert "csv/dim_authority.csv has changed since it was published" in found.stderr
    assert "incomplete" in found.stdout
    (kept(copy)[1] / DATABASE).write_bytes(b"no database")
    assert ask(copy, "history").exit_code == 1


def test_history_without_publications_says_so(tmp_path: Path) -> None:
    found = ask(tmp_path, "history")
    assert found.exit_code == 1
    assert "Nothing is published yet" in found.stderr


def test_old_publications_beyond_the_limit_are_removed(three: Path, tmp_path: Path) -> None:
    copy = tmp_path / "published"
    shutil.copytree(three, copy, symlinks=True)
    before = [folder.name for folder in kept(copy)]
    publish(three.parent / "build.duckdb", copy, attribution="none", keep=2)
    after = [folder.name for folder in kept(copy)]
    assert after[1:] == before[:1] and len(after) == 2
    for folder in kept(copy):
        verify(folder)
