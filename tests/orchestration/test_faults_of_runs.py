"""Killed, interrupted and concurrent runs: the previous publication is unchanged.

At which calls a publisher can die is in tests/publication.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from missions.paths import SEEDS
from missions.publication.folder import current, verify
from missions.publication.publish import publish
from tests.conftest import PATIENCE, ROOT, copy_project
from tests.support.faults import assert_plain, assert_whole, environment, held, small_publication
from tests.support.publications import assert_tidy, build
from tests.support.reliability import TORTURE

Missions = Callable[..., subprocess.CompletedProcess[str]]
Seen = Callable[[str, str], None]


def content_hash(published: Path) -> str:
    """The hash of the tables that ends a publication's id: the same seeds give the same marts, value for value."""
    return str((published / "current").readlink()).rsplit("-", 1)[1]


# A name that is difficult for paths, shells, SQL and URLs; a language with another capital of i; and a time zone
# where it may already be tomorrow.
STRANGE = "it's Ünï cödé & 100 % ☃"
ELSEWHERE = {"LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Tokyo"}


@pytest.fixture(scope="module")
def elsewhere(publication: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with its own publication, at a path with every kind of difficult character."""
    project = copy_project(tmp_path_factory.mktemp("faults") / STRANGE)
    shutil.copytree(publication, project / "published", symlinks=True)
    with suppress(OSError):  # if the system cannot make the locale, C is used
        made = ["localedef", "-i", "tr_TR", "-f", "UTF-8", str(project.parent / "locale/tr_TR.UTF-8")]
        (project.parent / "locale").mkdir()
        subprocess.run(made, capture_output=True, timeout=PATIENCE)
    return project


@pytest.mark.slow
def test_killed_runs_leave_the_publication_and_need_no_cleaning_up(
    elsewhere: Path, missions: Missions, seen: Seen
) -> None:
    """SIGKILL while loading, while dbt runs, while publishing, and at random moments; the next run succeeds.

    All at a difficult path in an unusual locale; the figures are still those of the first run.
    """
    published, warehouse = elsewhere / "published", elsewhere / "build/warehouse.duckdb"
    expected, surroundings = content_hash(published), {**ELSEWHERE, "LOCPATH": str(elsewhere.parent / "locale")}
    longest = 40.0
    if TORTURE:
        begun = time.monotonic()
        assert missions("build", home=elsewhere, **surroundings).returncode == 0
        longest = time.monotonic() - begun

    def grown(size: int) -> Callable[[float], bool]:
        # The size of the build file shows the run's progress without opening the file.
        return lambda _: warehouse.exists() and warehouse.stat().st_size > size

    def publishing(_: float) -> bool:
        return any(published.glob("history/.*.partial/missions_index.duckdb"))

    def after(seconds: float) -> Callable[[float], bool]:
        return lambda passed: passed > seconds

    rng = random.Random()
    chosen: list[Callable[[float], bool]] = [grown(2_000_000), grown(40_000_000), publishing]
    moments = [*chosen, *(after(rng.uniform(1, longest)) for _ in range(TORTURE - len(chosen) if TORTURE else 2))]
    killed = ended = 0
    for moment in moments:
        before = str((published / "current").readlink())
        for leftover in (warehouse, warehouse.with_name("warehouse.duckdb.wal")):
            if moment in chosen:
                leftover.unlink(missing_ok=True)
        with subprocess.Popen(
            [sys.executable, "-m", "missions.cli", "build", "--force"],
            env=environment(elsewhere, **surroundings),
            cwd=elsewhere,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as run:
            begun = time.monotonic()
            while not moment(time.monotonic() - begun) and run.poll() is None and time.monotonic() < begun + 600:
                time.sleep(0.01)
            if run.poll() is None:
                run.send_signal(signal.SIGKILL)
                killed += 1
            else:
                assert run.returncode == 0, run.stderr and run.stderr.read()
                ended += 1
        if moment in chosen:
            assert run.returncode == -signal.SIGKILL, "the run ended before it could be killed"
            assert str((published / "current").readlink()) == before
        assert content_hash(published) == expected
        assert_whole(published)
    result = missions("build", home=elsewhere, **surroundings)
    assert result.returncode == 0, result.stderr
    assert_whole(published)
    assert not list(published.glob("history/.*")) and not list((elsewhere / "seeds").rglob("*.new"))
    assert content_hash(published) == expected
    more = f" ({ended} more finished first)" if ended else ""
    seen(
        "whole runs, SIGKILL at any moment",
        f"{killed} of {len(moments)} killed{more}: every publication complete, the next run published",
    )
    seen(
        "path with spaces and non-ASCII letters, another locale and time zone",
        f"the same figures at `{STRANGE}` with {ELSEWHERE['LC_ALL']} and {ELSEWHERE['TZ']}",
    )


# Loads six seeds, makes a mart from them and publishes it, repeatedly, in a separate process.
SMALL_PROJECT = """
import sys
from pathlib import Path
import duckdb
from missions.publication.publish import publish
from missions.sources.load import load_source
from missions.sources.registry import sources
folder = Path(sys.argv[1])
names = ("theme_definition", "second_framework", "hexagon", "county_change", "trafford_cycling", "household")
chosen = [sources()[i] for i in names]
while True:
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        for source in chosen:
            load_source(connection, source)
        connection.execute("CREATE SCHEMA IF NOT EXISTS marts")
        connection.execute(
            "CREATE OR REPLACE TABLE marts.composite_index (code text PRIMARY KEY, measure text NOT NULL, value double)"
        )
        connection.execute(
            "INSERT INTO marts.composite_index SELECT area_code || period_end_date || measure, measure, value "
            "FROM raw.trafford_cycling"
        )
    publish(folder / "warehouse.duckdb", folder / "published", attribution="small", keep=3)
    print("published", flush=True)
"""


def test_a_small_project_killed_many_times(tmp_path: Path, seen: Seen) -> None:
    """Each run starts with the build file and the leftovers of the killed one."""
    kills, published = 10 * TORTURE or 12, tmp_path / "published"
    rows = len((SEEDS / "observations/trafford_cycling.csv").read_bytes().splitlines()) - 1
    rng, publications = random.Random(), set()
    for number in range(kills + 1):
        with subprocess.Popen(
            [sys.executable, "-c", SMALL_PROJECT, str(tmp_path)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as run:
            assert run.stdout and run.stderr
            # The first must publish so that there is something to lose, the last so that the test ends well.
            if number in (0, kills):
                assert run.stdout.readline() == "published\n", run.stderr.read()
            else:
                time.sleep(rng.uniform(0.3, 1.5))
            run.kill()
            errors = run.stderr.read()
        assert "Error" not in errors, errors
        assert_whole(published, rows)
        publications.add(str((published / "current").readlink()))
    hashes = {name.rsplit("-", 1)[1] if name.count("-") == 1 else name.split("-")[1] for name in publications}
    assert len(hashes) == 1
    publish(tmp_path / "warehouse.duckdb", published, attribution="small", keep=3)
    assert_tidy(published)
    seen(
        "load and publish of a small project, SIGKILL at any moment",
        f"{kills} of {kills} killed: every publication complete, the same figures in {len(publications)} publications",
    )


@pytest.mark.slow
def test_ctrl_c_ends_a_run(project: Path, tmp_path: Path, seen: Seen) -> None:
    """During start-up, and while threads of Dagster and DuckDB are running."""
    folder = small_publication(project, tmp_path)
    warehouse = project / "build/warehouse.duckdb"
    for begun in (lambda: (project / "build/.run.lock").exists(), warehouse.exists):
        with subprocess.Popen(
            [sys.executable, "-m", "missions.cli", "build"],
            env=environment(project),
            cwd=project,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Shells start background jobs with Ctrl-C ignored, and their children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as run:
            while not begun() and run.poll() is None:
                time.sleep(0.02)
            time.sleep(1)
            run.send_signal(signal.SIGINT)
            _, said = run.communicate(timeout=PATIENCE)
        *progress, last = [line for line in said.splitlines() if line]
        assert (run.returncode, last) == (130, "Stopped; the previous publication is unchanged.")
        assert all(re.match(r"\d+ of \d+: ", line) for line in progress), said
        verify(folder)
        assert current(project / "published") == folder
    seen("Ctrl-C in a run", "as expected, during start-up and during the build")


def test_a_second_run_is_rejected(project: Path, missions: Missions, seen: Seen) -> None:
    for _ in range(2):  # the system releases a killed run's lock
        with held(project) as first:
            for command in ("load", "build"):
                told = missions(command, home=project)
                assert_plain(told, f"Another run is under way in {project}/build (process {first.pid}, since")
                assert "Wait until it has ended" in told.stderr
        assert not (project / "build/warehouse.duckdb").exists()
        assert not (project / "published").exists()
    seen("a second run", "as expected, by `missions load` and `missions build`; a killed run leaves no lock")


HAMMER = """
import sys, duckdb
seen = errors = 0
values = set()
print("reading", flush=True)
while not (values and max(values) >= float(sys.argv[2])):
    with duckdb.connect(sys.argv[1], read_only=True) as connection:
        rows = connection.execute("SELECT count(*), min(value), max(value) FROM marts.indicator_score").fetchall()
        again = connection.execute("SELECT count(*), min(value), max(value) FROM marts.indicator_score").fetchall()
    [(count, least, most)] = rows
    assert rows == again and count == 15 and least == most, (rows, again)
    values.add(least)
    seen += 1
print(seen, len(values), flush=True)
"""


def test_a_reader_through_twenty_publications(tmp_path: Path, seen: Seen) -> None:
    published, number = tmp_path / "published", 20
    publish(build(tmp_path / "build.duckdb", 0), published, attribution="a")
    with subprocess.Popen(
        [sys.executable, "-c", HAMMER, str(published / "missions_index.duckdb"), str(number)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdout and reader.stderr
        assert reader.stdout.readline() == "reading\n"
        for value in range(1, number + 1):
            publish(build(tmp_path / "build.duckdb", value), published, attribution="a", keep=3)
        out, errors = reader.communicate(timeout=PATIENCE)
    assert reader.returncode == 0, errors
    answers, different = map(int, out.split())
    assert answers > number and different > 3
    assert_tidy(published)
    seen("a reader through twenty publications", f"{answers:,} answers from {different} publications, none failed")
