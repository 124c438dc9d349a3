"""Builds again: what has changed is seen, what hangs on it is made again, and nothing more than that is trusted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration import built

# A change of each kind, with what must and what must not be made again; None where it is everything.
BEHIND: dict[str, tuple[set[str], set[str]] | None] = {
    "seeds/targets/milestone.csv": (
        {"raw/milestone", "raw/source_file", "marts/source_edition", "publication", "publication/site"},
        {"raw/area", "marts/composite_index"},
    ),
    "seeds/observations/ons_claimant_count.csv": (
        {"raw/ons_claimant_count", "marts/composite_index", "marts/publication_change", "publication/site"},
        {"raw/ons_apprenticeships", "intermediate/int_area_links"},
    ),
    "seeds/geography/area.csv": None,
    "seeds/sources.yml": None,
    "dbt_project/models/intermediate/scoring/int_index_units.sql": (
        {"intermediate/int_index_units", "marts/composite_index", "publication"},
        {"raw/area", "intermediate/int_authorities"},
    ),
    "dbt_project/macros/check_results.sql": ({"staging/stg_areas", "publication"}, {"raw/area"}),
    "dbt_project/tests/assert_ranks_are_valid.sql": ({"marts/composite_index", "publication"}, {"raw/area"}),
    "dbt_project/dbt_project.yml": ({"marts/composite_index", "publication"}, {"raw/area"}),
    "missions": None,
    "missions/sources": None,
    "orchestration": None,
    "python": None,
    "version of duckdb": None,
    "missions/publication": (
        {"marts/publication_change", "publication", "publication/site"},
        {"marts/composite_index"},
    ),
    "missions/site": ({"publication/site"}, {"publication"}),
    "missions/cli": (set(), {"publication/site"}),
}


@pytest.mark.parametrize("part", BEHIND)
def test_what_hangs_on_a_change_is_made_again(part: str, defs: dg.Definitions) -> None:
    from orchestration.again import assets_behind

    found, expected = assets_behind([part], defs), BEHIND[part]
    if expected is None or found is None:
        assert found is expected is None
    else:
        names = {key.to_user_string() for key in found}
        assert expected[0] <= names and not expected[1] & names


def test_every_kind_of_part_is_known() -> None:
    names = set(built.parts())
    assert {"seeds/sources.yml", "dbt_project/profiles.yml", "missions", "orchestration", "python"} <= names
    rooms = {name for name in names if name.startswith("missions/")}
    assert rooms == {f"missions/{room}" for room in ("cli", "publication", "reading", "scoring", "site", "sources")}


@pytest.fixture
def record(publication: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Record the session's build as made from its parts, or from other ones, in a file of the test's own."""
    monkeypatch.setattr(built, "RECORD", tmp_path / "built.json")
    parts = built.parts()

    def remember(**other: str) -> None:
        built.remember(parts | {name: "other" for name in other.values()})

    return remember


def test_a_change_of_each_kind_is_seen(record: Callable[..., None], home: Path) -> None:
    assert built.changed() is None  # no record
    record()
    assert built.changed() == []
    for name in ("seeds/targets/milestone.csv", "seeds/SHA256SUMS", "dbt_project/macros/check_results.sql"):
        path = home / name
        before = path.read_bytes()
        # A line of SHA256SUMS belongs to the seed that it names.
        part, more = (name, b"\n") if "SUMS" not in name else ("seeds/sources.yml", b"0  sources.yml\n")
        try:
            path.write_bytes(before + more)
            assert built.changed() == [part]
        finally:
            path.write_bytes(before)
    record(part="version of duckdb")
    assert built.changed() == ["version of duckdb"]
    built.forget()
    assert built.changed() is None


@pytest.mark.parametrize("what", ["project", "publication", "site", "build_file"])
def test_a_build_that_is_not_the_recorded_one_is_not_trusted(
    what: str, record: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    record()
    state: Any = built._state()
    monkeypatch.setattr(built, "_state", lambda: {**state, what: "another"})
    assert built.changed() is None


def test_a_damaged_publication_is_not_trusted(record: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    from missions.errors import PublicationError

    def damaged(folder: Path) -> None:
        raise PublicationError(f"{folder} has changed")

    record()
    monkeypatch.setattr(built, "verify", damaged)
    assert built.changed() is None
