"""How the site is written: size, hostile names, unchanged files, failures."""

import gzip
import json
import re
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from missions.errors import PublicationError
from missions.publication.folder import DATABASE, add_site, verify
from missions.site.folder import build_site
from missions.site.scripts import STATIC
from tests.support.pages import Page


def test_sizes(site: Path) -> None:
    sizes = {path: path.stat().st_size for path in site.resolve().rglob("*") if path.is_file()}
    assert max(size for path, size in sizes.items() if path.match("site/authority/*.html")) < 150e3
    # Tables to download, and what is loaded on demand for a neighbourhood or a postcode, are counted apart.
    apart = {path for path in sizes if path.suffix == ".csv" or path.parent.name in ("postcode", "place")}
    assert sum(size for path, size in sizes.items() if path not in apart) < 60e6
    assert sum(sizes.values()) < 110e6
    assert sum(len(zlib.compress(path.read_bytes())) for path in sizes) < 25e6
    # What a council's page loads.
    shared = ["static/site.css", "static/chart.js", "static/names.js", "static/search.js", "data/search.js"]
    assert sum(len(gzip.compress((site / name).read_bytes())) for name in shared) < 50e3


def test_handwritten_scripts_are_few() -> None:
    lines = [len(path.read_text(encoding="utf-8").splitlines()) for path in STATIC.glob("*.js")]
    assert len(lines) == 10 and sum(lines) < 850


@pytest.fixture(scope="module")
def damaged(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published database with a council whose name is markup, without the marts that later versions added."""
    folder = tmp_path_factory.mktemp("damaged")
    shutil.copy2(database, folder / DATABASE)
    with duckdb.connect(str(folder / DATABASE)) as connection:
        connection.execute("USE marts")
        connection.execute(
            """UPDATE dim_authority SET authority_name = '<b>&"x', council_name = '<script>alert(1)</script>'
            WHERE authority_code = 'E06000009'"""
        )
        connection.execute("""UPDATE dim_area_name SET place_name = '<b>&"x' WHERE place_code = 'E06000009'""")
        for mart in (
            "rank_uncertainty",
            "rank_explanation",
            "rank_comparison",
            "rank_sensitivity",
            "leave_one_out",
            "index_trend",
            "indicator_trend",
            "milestone_progress",
            "dim_milestone",
            "publication_change",
            "framework_audit",
            "framework_quality",
            "integrated_care_board_summary",
        ):
            connection.execute(f"DROP TABLE IF EXISTS {mart}")
    return folder


@pytest.fixture(scope="module")
def damaged_site(damaged: Path) -> Path:
    build_site(damaged, damaged / "site")
    return damaged / "site"


def test_names_are_escaped_and_marts_may_be_missing(damaged_site: Path) -> None:
    found = 0
    for path in damaged_site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert '<b>&"x' not in text and "<script>alert" not in text, path
        found += "&lt;b&gt;&amp;&#34;x" in text
    assert found > 10
    assert (damaged_site / "authority/b-and-x.html").is_file()
    # In a script, text cannot end the script, and JSON cannot end its string.
    search = (damaged_site / "data/search.js").read_text(encoding="utf-8")
    assert json.dumps('<b>&"x')[1:-1] in search


def test_rebuilding_writes_nothing_and_links_what_is_the_same(
    damaged: Path, damaged_site: Path, tmp_path: Path
) -> None:
    target = tmp_path / "site"
    shutil.copytree(damaged_site / "authority", target / "authority")
    before = {path: path.stat() for path in (target / "authority").iterdir()}
    (target / "leftover.html").write_text("of an older site")
    changed = target / "authority" / "adur.html"
    changed.write_text("damaged")
    assert build_site(damaged, target, damaged_site) == 0
    for path, was in before.items():
        now = path.stat()
        assert path == changed or (now.st_ino, now.st_mtime_ns) == (was.st_ino, was.st_mtime_ns)
    files = {path.relative_to(target) for path in target.rglob("*") if path.is_file()}
    assert files == {path.relative_to(damaged_site) for path in damaged_site.rglob("*") if path.is_file()}
    for name in files:
        own, other = target / name, damaged_site / name
        assert own.read_bytes() == other.read_bytes()
        assert own.samefile(other) is (own == changed or own not in before)


def test_pages_name_their_publication_and_hold_no_time_of_building(
    site: Path, pages: dict[str, Page], publication: Path
) -> None:
    id_ = (publication / "current").resolve().name
    for name, page in pages.items():
        text = " ".join("".join(page.text).split())
        assert f"Publication {id_} of " in text, name
        assert not re.search(r"\d\d:\d\d:\d\d", text.replace(id_, "")) or name.startswith("catalogue/"), name


def test_a_site_is_part_of_a_whole_publication(publication: Path, site: Path) -> None:
    assert site.is_symlink() and site.resolve().parent == (publication / "current").resolve()
    verify((publication / "current").resolve())


def test_a_failed_site_leaves_the_last_good_one(tmp_path: Path) -> None:
    published = tmp_path / "published"
    first = published / "history" / "20260101T000000Z-00000000"
    first.mkdir(parents=True)
    (published / "current").symlink_to(f"history/{first.name}")

    def write(content: str) -> Callable[[Path, Path, Path | None], int]:
        def fill(folder: Path, target: Path, previous: Path | None) -> int:
            target.mkdir()
            (target / "index.html").write_text(content)
            if content == "bad":
                raise ValueError("half-way")
            return 1

        return fill

    add_site(published, write("good"))
    second = published / "history" / "20260102T000000Z-00000000"
    second.mkdir()
    (published / "current").unlink()
    (published / "current").symlink_to(f"history/{second.name}")
    with pytest.raises(ValueError):
        add_site(published, write("bad"))
    assert (published / "site" / "index.html").read_text() == "good"
    assert sorted(path.name for path in (published / "history").iterdir()) == [first.name, second.name]
    add_site(published, write("better"))
    add_site(published, write("best"))
    assert (published / "site").resolve() == second / "site"
    assert (published / "site" / "index.html").read_text() == "best"
    with pytest.raises(PublicationError, match="no publication"):
        (tmp_path / "nothing").mkdir()
        add_site(tmp_path / "nothing", write("good"))
