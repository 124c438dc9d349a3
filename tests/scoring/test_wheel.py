"""The wheel, installed without the repository and the packages for builds, scores and reads as the checkout does."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import PathDistribution
from pathlib import Path
from zipfile import Path as ZipPath

import pandas as pd
import pytest

from missions.scoring.model_names import PACKED
from tests.conftest import PATIENCE, ROOT, copy_project
from tests.support.index_files import Index, node

pytestmark = pytest.mark.slow

Run = Callable[..., subprocess.CompletedProcess[str]]
MEGABYTES = 60  # the most that reading may need beyond duckdb and pandas


def pip(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the checkout that is gone afterwards."""
    folder = tmp_path_factory.mktemp("wheel")
    source = copy_project(folder / "source")
    for name in ("setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    words = ("wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder), ".")
    built = pip(*words, folder=source)
    assert built.returncode == 0, built.stderr
    shutil.rmtree(source)
    [wheel] = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def environment(wheel: Path) -> Path:
    """A new environment with the wheel and the packages it requires, in the locked versions."""
    folder = wheel.with_name("environment")
    [metadata] = [entry for entry in ZipPath(wheel).iterdir() if entry.name.endswith(".dist-info")]
    required = [line for line in PathDistribution(metadata).requires or [] if "extra ==" not in line]  # type: ignore[arg-type]
    locked = re.findall(
        r"^([a-z0-9._-]+)(?:\[.*?\])?(==.*?) \\$", (ROOT / "requirements.txt").read_text(), re.MULTILINE
    )
    constraints = wheel.with_name("constraints.txt")
    constraints.write_text("\n".join(map("".join, locked)) + "\n")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = str(folder / "bin/python")
    if fast := shutil.which("uv"):
        installing = [
            fast,
            "pip",
            "install",
            "--quiet",
            "--python",
            python,
            "--constraint",
            str(constraints),
            *required,
        ]
        installed = subprocess.run(installing, capture_output=True, text=True, timeout=PATIENCE)
    else:
        installed = pip("--python", python, "install", "--constraint", str(constraints), *required, folder=folder)
    if installed.returncode:
        assert not re.search("unsatisfiable|ResolutionImpossible", installed.stderr), installed.stderr
        pytest.skip(f"the packages that the wheel requires could not be installed: {installed.stderr[-300:]}")
    alone = pip("--python", python, "install", "--no-deps", "--no-index", str(wheel), folder=folder)
    assert alone.returncode == 0, alone.stderr
    return folder


@pytest.fixture
def run(environment: Path, tmp_path: Path) -> Run:
    """Run a program of that environment in a folder of its own, without our settings."""
    settings = {name: value for name, value in os.environ.items() if not name.startswith(("MISSIONS_", "PYTHON"))}

    def program(name: str, *words: str) -> subprocess.CompletedProcess[str]:
        arguments = [environment / "bin" / name, *words]
        return subprocess.run(arguments, cwd=tmp_path, env=settings, capture_output=True, text=True, timeout=PATIENCE)

    return program


def test_the_wheel_has_the_method_and_little_else(environment: Path) -> None:
    [packages] = environment.glob("lib/python3*/site-packages")
    packed = packages / "missions/scoring/_sql"
    assert {path.stem for path in (packed / "models").rglob("*.sql")} == set(PACKED)
    names = {path.name.split("-")[0].lower() for path in packages.glob("*.dist-info")}
    assert not names & {"dagster", "dbt_core", "altair", "requests", "pyarrow"}
    given = re.compile(r"_?duckdb|adbc|pandas|numpy|dateutil|python_dateutil|six|tzdata|missions|orchestration")
    beyond = [path for path in packages.iterdir() if not given.match(path.name)]
    size = sum(file.stat().st_size for path in beyond for file in [path, *path.rglob("*")] if file.is_file())
    assert size < MEGABYTES * 1_000_000


def test_it_scores_an_index_exactly_as_the_checkout(run: Run, tmp_path: Path) -> None:
    leaves = [node(name, "root", normalisation="z_score", treatment="winsorise_then_log") for name in "ab"]
    values = pd.DataFrame({"a": [1.0, 2, 4], "b": [3.5, 1, 2]}, index=["u1", "u2", "u3"])
    index = Index(tmp_path, values, [node("root", "", "arithmetic", normalisation="z_score"), *leaves]).run()
    expected = {path.name: path.read_bytes() for path in index.out.iterdir()}
    files = [f"--{name}={index.path(name)}" for name in ("units", "observations", "framework")]
    scored = run("missions", "score", *files, f"--out={tmp_path}/again")
    assert (scored.returncode, scored.stderr) == (0, "")
    assert {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()} == expected


@pytest.mark.parametrize(
    "words",
    [
        ("rank", "--mission=health", "--csv"),
        *[("profile", "Blackpool"), ("explain", "Blackpool"), ("compare", "Leeds", "Kent"), ("trend", "Leeds")],
        *[("indicator", "fuel_poverty"), ("sources",), ("history",), ("sql", "FROM region_summary")],
        ("what-if", "--weight", "health=2"),
    ],
    ids=lambda words: words[0],
)
def test_its_commands_answer_from_a_publication_elsewhere(
    run: Run, publication: Path, missions: Run, words: tuple[str, ...]
) -> None:
    asked = run("missions", f"--published={publication}", *words)
    ours = missions(f"--published={publication}", *words)
    assert (asked.returncode, asked.stderr, asked.stdout) == (0, ours.stderr, ours.stdout)


def test_python_asks_a_publication_elsewhere(run: Run, publication: Path, database: Path) -> None:
    program = f"""
import sys
import missions
with missions.open({str(publication)!r}) as index:
    ranks = index.rank()
    print(len(ranks), ranks.authority_name[0], len(index.profile("Blackpool").indicators), index.find("Hull").code)
assert not {{"dagster", "dbt", "pyarrow"}} & set(sys.modules)
"""
    import duckdb

    with duckdb.connect(str(database), read_only=True) as connection:
        [(first, indicators)] = connection.execute(
            "SELECT authority_name, (SELECT count(*) FROM marts.dim_indicator) FROM marts.authority_profile"
            " WHERE need_rank = 1"
        ).fetchall()
    asked = run("python", "-c", program)
    assert (asked.stderr, asked.stdout) == ("", f"317 {first} {indicators} E06000010\n")


@pytest.mark.parametrize("command", ["build", "refresh"])
def test_a_command_that_builds_says_what_to_install(run: Run, command: str) -> None:
    asked = run("missions", command)
    assert asked.returncode == 1
    assert "pip install '.[build]'" in asked.stderr and "Traceback" not in asked.stderr
