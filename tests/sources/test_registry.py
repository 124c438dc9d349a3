"""The registry of sources: the files generated from it are up to date, and what it says is true."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from missions.files import sha256
from missions.sources import generated, registry
from missions.sources.readers import periods
from tests.conftest import PATIENCE, ROOT, SHARED

SEEDS = ROOT / "seeds"


@pytest.mark.parametrize("path", generated.generated_files(), ids=lambda path: path.name)
def test_what_is_made_from_the_registry_is_up_to_date(path: Path) -> None:
    in_checkout = ROOT / path.relative_to(generated.PROJECT)
    assert in_checkout.read_text(encoding="utf-8") == generated.generated_files()[path], "run `make docs`"


def test_every_seed_is_registered_and_every_source_has_its_seed() -> None:
    registered = {source.seed for source in registry.sources().values()}
    found = {str(path.relative_to(SEEDS)) for path in SEEDS.rglob("*") if path.is_file()}
    assert found == registered | {"sources.yml", registry.SEED_SUMS}


def test_seeds_stay_small_enough_for_a_repository() -> None:
    assert sum(path.stat().st_size for path in SEEDS.rglob("*") if path.is_file()) < 45_000_000


def test_every_licence_has_its_notice() -> None:
    attribution = generated.attribution()
    for source in registry.sources().values():
        assert f"## {source.licence}\n" in attribution
        assert f"- {source.publisher}: {source.dataset}" in attribution
    assert "Contains OS data © Crown copyright and database right" in attribution
    assert "Contains public sector information licensed under the Open Government Licence v3.0" in attribution


def test_every_measure_of_an_indicator_stands_in_its_seed() -> None:
    measures = pd.read_csv(SEEDS / "framework/indicator_measure.csv")
    for source_id, of_source in measures.groupby("source_id"):
        seed = pd.read_csv(registry.sources()[str(source_id)].path, usecols=["measure"])
        assert set(of_source["measure"]) <= set(seed["measure"]), source_id


@pytest.mark.skipif(not SHARED.is_dir(), reason="the publishers' files are not beside this checkout")
def test_snapshot_changes_no_byte(tmp_path: Path) -> None:
    """`missions snapshot` on the files from which the seeds were made gives the same seeds and registry."""
    project = tmp_path / "project"
    shutil.copytree(SEEDS, project / "seeds")
    # The project's own tables have no reader; all others are regenerated.
    for source in registry.sources().values():
        if source.reader:
            (project / "seeds" / source.seed).unlink()
    run = subprocess.run(
        [sys.executable, "-m", "missions.cli", "snapshot", "--from", str(SHARED / "sources")],
        env={**os.environ, "MISSIONS_HOME": str(project)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert run.returncode == 0, run.stderr
    # `missions refresh` may have applied newer editions than ../shared has; snapshot then restores the old ones.
    newer = {SEEDS / source.seed for source in registry.sources().values() if refreshed(source)}
    newer |= {SEEDS / "sources.yml", SEEDS / "SHA256SUMS"} if newer else set()
    for path in set(SEEDS.rglob("*")) - newer:
        if path.is_file():
            again = project / "seeds" / path.relative_to(SEEDS)
            assert sha256(again) == sha256(path), path.name


@pytest.mark.skipif(not SHARED.is_dir(), reason="the publishers' files are not beside this checkout")
def test_registry_says_what_the_manifest_says() -> None:
    manifest = pd.read_csv(SHARED / "sources/manifest.csv", keep_default_na=False).set_index("path")
    for source in registry.sources().values():
        for file in () if refreshed(source) else source.files:
            row = manifest.loc[file.path]
            assert (file.sha256, file.bytes) == (row["sha256"], row["bytes"])
            assert (file.distributor_path or "", file.commit or "") == (
                row["distributor_path"],
                row["distributor_commit"],
            )
            # Rows without a commit, and those converted from .rda, are downloaded by hand.
            by_hand = not row["distributor_commit"] or ".rda" in row["note"] or ".rda" in row["distributor_path"]
            if by_hand:
                assert not source.is_refreshable, file.path


def refreshed(source: registry.Source) -> bool:
    """Whether its files are newer than those in ../shared: files fetched from a live address have no commit."""
    return source.is_refreshable and not all(file.commit for file in source.files)


@pytest.mark.parametrize(
    ("text", "kind", "start", "end"),
    [
        ("2023/24", "financial_year", "2023-04-01", "2024-03-31"),
        ("2025", "financial_year", "2024-04-01", "2025-03-31"),
        ("2025", "academic_year", "2024-09-01", "2025-08-31"),
        ("2023-24", "academic_year", "2023-09-01", "2024-08-31"),
        ("2025", "calendar_year", "2025-01-01", "2025-12-31"),
        ("2024/25", "november_year", "2024-11-16", "2025-11-15"),
        ("2023 - 25", "pooled_years", "2023-01-01", "2025-12-31"),
        ("2016/Q2 to 2026/Q1", "quarter_range", "2016-04-01", "2026-03-31"),
    ],
)
def test_periods_in_words(text: str, kind: str, start: str, end: str) -> None:
    assert tuple(str(day) for day in periods.year(text, kind)) == (start, end)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-01-01", "2026-01-01", "2026-01-01"),
        ("2024-02-01/P1Y", "2024-02-01", "2025-01-31"),
        ("2022-01-01/P3Y", "2022-01-01", "2024-12-31"),
        ("2024-01-01/P1M", "2024-01-01", "2024-01-31"),
    ],
)
def test_periods_in_iso(text: str, start: str, end: str) -> None:
    assert tuple(str(day) for day in periods.iso(text)) == (start, end)


@pytest.mark.parametrize(("text", "kind"), [("2023/25", "financial_year"), ("2020/21 - 24/25", "academic_year")])
def test_a_period_that_is_not_understood_is_an_error(text: str, kind: str) -> None:
    with pytest.raises(ValueError, match="period"):
        periods.year(text, kind)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            ("  layout: observation", "  layout: observations"),
            "source ons_gross_value_added: layout: there is no layout 'observations'",
        ),
        (
            ("  publisher: Office", "  publisherr: Office"),
            "ons_gross_value_added: publisher is missing; publisherr is not a known field",
        ),
        (
            ("  release_rhythm: annual", "  release_rhythm: yearly"),
            "release_rhythm is 'yearly'; expected 'monthly', 'quarterly', 'annual' or 'irregular'",
        ),
        (("  min_rows: ", "  min_rows: some "), "; expected a valid integer"),
        (("sources:\n", "sources: [\n"), "sources.yml"),
        (("sources:\n", "sourcess:\n"), "expected `layouts`, each under its name, and `sources`, a list"),
    ],
)
def test_a_damaged_registry_is_one_plain_error(
    project: Path, missions: Callable[..., subprocess.CompletedProcess[str]], damage: tuple[str, str], said: str
) -> None:
    registry_file = project / "seeds/sources.yml"
    text = registry_file.read_text()
    start = text.index("\nsources:\n")
    registry_file.write_text(text[:start] + text[start:].replace(*damage, 1))
    for command in ("load", "build"):
        run = missions(command, home=project)
        assert run.returncode == 1
        assert said in " ".join(run.stderr.split())
        assert "Traceback" not in run.stderr
