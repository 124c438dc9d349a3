"""README.md and docs/ are correct: their figures, links, commands and code."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import typer

from tests.conftest import PATIENCE, ROOT
from tests.support.markdown import FENCE, anchors, code, fences

Missions = Callable[..., subprocess.CompletedProcess[str]]

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / name for name in ("README.md", "CHANGELOG.md", "ATTRIBUTION.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)
GENERATED = {"ATTRIBUTION.md", "SOURCES.md", "PERFORMANCE.md", "reliability.md"}
BY_HAND = [page for page in PAGES if page.name not in GENERATED]
# These give settings (ports, limits, times) and quote no figures from the data.
OF_SETTINGS = {"deploy.md", "operations.md", "scale.md", "security.md"}
WITH_FIGURES = [page for page in BY_HAND if page.name not in OF_SETTINGS]

BLOCK = re.compile(r"<!-- figures: [\w.]+ -->.*?<!-- end -->", re.DOTALL)
# Constants of the method, formulas, ports and versions. Years are allowed anywhere.
CONSTANTS = re.compile(
    r"0|0\.01|1|1\.5\.5|1\.96|10|100|110|16|2|2\.0|2\.1|200|3|3\.11|3\.12|3\.5|31|3000|5|64|7|9|90|95"
)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def check_figures(published: Path, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.figures", "--check", "--published", str(published)],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def test_figures_are_those_of_the_build(publication: Path) -> None:
    checked = check_figures(publication)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_figure_that_drifts_is_named(publication: Path, tmp_path: Path) -> None:
    """Also, --check writes nothing, and an unknown or unclosed block is an error."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    page = tmp_path / "README.md"
    page.write_text("<!-- figures: indicators -->7<!-- end --> of <!-- figures: councils -->317<!-- end -->")
    before = page.read_text()
    checked = check_figures(publication, tmp_path)
    assert checked.returncode == 1
    assert checked.stdout == "README.md: indicators is out of date: run `make docs`\n"
    assert page.read_text() == before
    for broken, problem in {
        "<!-- figures: no_such_thing --><!-- end -->": "unknown block no_such_thing",
        "<!-- figures: indicators -->66 <!-- figures: councils -->317<!-- end -->": "block indicators is not closed",
        "<!-- figures: indicators -->66": "a block is not closed",
    }.items():
        page.write_text(broken)
        checked = check_figures(publication, tmp_path)
        assert checked.returncode == 1
        assert f"README.md: {problem}" in checked.stderr


@pytest.mark.parametrize("page", WITH_FIGURES, ids=named)
def test_no_figure_is_outside_a_block(page: Path) -> None:
    text = FENCE.sub("", BLOCK.sub("", page.read_text(encoding="utf-8")))
    text = re.sub(r"`[^`]*`|\]\([^)]*\)|<https?:[^>]*>|^ *\d+\. |^#+ \d+\. |^## \d.*$", "", text, flags=re.MULTILINE)
    numbers = set(re.findall(r"(?<![\w.])\d[\d,.]*\d|(?<![\w.])\d", text))
    assert {n for n in numbers if not re.fullmatch(r"(19|20)\d\d", n) and not CONSTANTS.fullmatch(n)} == set()


@pytest.mark.parametrize("page", BY_HAND, ids=named)
def test_no_sentence_is_broken_by_a_comment(page: Path) -> None:
    """In Markdown a line that begins with a comment ends the paragraph above."""
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"^ *<!-- figures: \S+ -->[^\n]", text, re.MULTILINE)


def test_the_rule_of_treatment_is_that_of_the_method_page(publication: Path) -> None:
    method = " ".join((ROOT / "docs/method.md").read_text(encoding="utf-8").split())
    assert "its skewness is beyond 2 either way and its excess kurtosis above 3.5" in method
    with duckdb.connect(str(publication / "missions_index.duckdb"), read_only=True) as connection:
        broken = connection.execute(
            "SELECT indicator_id FROM marts.indicator_treatment "
            "WHERE (outcome <> 'none') <> (abs(skewness_before) > 2 AND kurtosis_before > 3.5)"
        ).fetchall()
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{named(page)} links to {target}"
        if anchor:
            assert anchor in anchors(file.read_text(encoding="utf-8")), f"{named(page)} links to {target}"


def test_every_page_is_linked_from_the_readme() -> None:
    linked = {(ROOT / target.partition("#")[0]).resolve() for target in re.findall(r"\]\(([^)\s:]+)\)", README)}
    assert [named(page) for page in PAGES if page not in linked and page.name != "README.md"] == []


@pytest.mark.parametrize("page", BY_HAND, ids=named)
def test_every_command_that_is_named_exists(page: Path) -> None:
    from missions.cli import app

    written = code(page.read_text(encoding="utf-8"))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)", written)) <= targets
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert set(re.findall(r"(?<!-u )\bmissions ([a-z]+(?:-[a-z]+)*)", written)) <= set(commands)


def test_the_readme_knows_every_command_and_everything_at_the_top() -> None:
    from missions.cli import app

    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert set(commands) <= set(re.findall(r"`missions ([a-z-]+)`", README))
    named_in_map = set(re.findall(r"`([\w./-]+)`", README.partition("## Where everything is")[2].partition("\n## ")[0]))
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    found = {path.name + "/" * path.is_dir() for path in ROOT.iterdir() if not path.name.startswith(".")}
    unexplained = {name for name in found - named_in_map if name not in ignored and not name.endswith(".egg-info/")}
    assert unexplained == {"README.md"}


def test_models_and_columns_that_the_pages_name_exist(publication: Path) -> None:
    models = {path.stem for path in (ROOT / "dbt_project").rglob("*.sql")}
    # The values of a column are listed in its description.
    described = {
        word
        for path in (ROOT / "dbt_project/models").rglob("*.yml")
        for word in re.findall(r"[a-z]+_[a-z_]+", path.read_text(encoding="utf-8"))
    }
    with duckdb.connect(str(publication / "missions_index.duckdb"), read_only=True) as connection:
        columns = {
            name for (name,) in connection.execute("SELECT DISTINCT column_name FROM duckdb_columns()").fetchall()
        }
        values = {name for (name,) in connection.execute("SELECT indicator_id FROM marts.dim_indicator").fetchall()}
    for page in [ROOT / "docs" / name for name in ("method.md", "data-quality.md", "caveats.md")]:
        words = set(re.findall(r"`([a-z]+_[a-z_]+)`", page.read_text(encoding="utf-8")))
        assert words <= models | columns | values | described | {"dbt_project"}, page.name


def test_readme_shell_query_runs(publication: Path) -> None:
    (command,) = [text for _, _, text in fences(README, "sh") if "bin/duckdb" in text]
    printed = run(command, publication, ["bash", "-c"])
    assert "need_rank" in printed
    assert len(printed.splitlines()) > 5


def test_readme_python_runs(publication: Path) -> None:
    with_duckdb, with_sqlalchemy = [text for _, _, text in fences(README, "python")]
    assert "authority_name" in run(with_duckdb, publication, [sys.executable, "-c"])
    assert "in_most_needy_fifth" in run(with_sqlalchemy, publication, [sys.executable, "-c"])


def run(text: str, publication: Path, how: list[str]) -> str:
    """Run code of the README in a folder where its relative paths work; return its output."""
    text = text.replace(".venv/bin/", f"{Path(sys.executable).parent}/")
    ran = subprocess.run([*how, text], cwd=publication.parent, capture_output=True, text=True, timeout=PATIENCE)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
