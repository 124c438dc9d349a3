"""The seeds that publications were built from: kept, verified, and laid out again."""

import gzip
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from missions.cli import app
from missions.errors import KeptSeedsError
from missions.files import sha256
from missions.publication import seeds as kept_seeds
from missions.sources import registry
from missions.sources.registry import sources
from tests.support.publisher import OBESITY
from tests.support.refreshing import Place


def publish_what_stands(place: Place, name: str) -> Path:
    """A publication as far as editions go: what it says it was built from, and the seeds kept."""
    published = place.folder / "published"
    folder = published / "history" / name
    (folder / "csv").mkdir(parents=True)
    seeds = [p.relative_to(place.folder / "seeds") for p in (place.folder / "seeds").rglob("*") if p.suffix != ""]
    rows = [f"{p.stem},{p},{sha256(place.folder / 'seeds' / p)},2026-11-25" for p in sorted(seeds)]
    (folder / "csv/source_edition.csv").write_text(
        "\n".join(["source_id,seed_path,seed_sha256,snapshot_date", *rows, ""]), encoding="utf-8"
    )
    (published / "current").unlink(missing_ok=True)
    (published / "current").symlink_to(f"history/{name}")
    assert kept_seeds.keep(published) == []
    return folder


def test_an_earlier_publications_seeds_are_laid_out_again(place: Place, tmp_path: Path) -> None:
    published = place.folder / "published"
    before = place.state()
    first = publish_what_stands(place, "20261125T080000Z-00000000")
    place.offer()
    assert place.run(OBESITY)[0] == 0
    publish_what_stands(place, "20261125T090000Z-11111111")
    assert place.state() != before
    kept_seeds.restore(first, published, tmp_path / "seeds")
    found = {p.relative_to(tmp_path): sha256(p) for p in (tmp_path / "seeds").rglob("*") if p.suffix}
    assert found == {Path(p).relative_to(place.folder): s for p, s in before.items() if Path(p).suffix}
    # A load accepts them as recorded.
    listed = registry.sums_text({k: v for k, v in _sums(tmp_path).items() if OBESITY in k})
    assert listed == f"{before[str(place.folder / f'seeds/observations/{OBESITY}.csv')]}  observations/{OBESITY}.csv\n"
    # What no publication needs any more is let go; then it is said what is missing.
    kept = {p.name for p in (published / "editions").iterdir()}
    shutil.rmtree(first)
    kept_seeds.keep(published)
    gone = kept - {p.name for p in (published / "editions").iterdir()}
    assert len(gone) == 2  # this seed and the registry
    with pytest.raises(KeptSeedsError, match="not empty"):
        kept_seeds.restore(published / "current", published, tmp_path / "seeds")


def _sums(folder: Path) -> dict[str, list[str]]:
    lines = (folder / "seeds/SHA256SUMS").read_text(encoding="utf-8").splitlines()
    return {line.split("  ")[1]: [line.split("  ")[0]] for line in lines}


def test_a_seed_that_is_nowhere_is_named(place: Place, tmp_path: Path) -> None:
    first = publish_what_stands(place, "20261125T080000Z-00000000")
    shutil.rmtree(place.folder / "published/editions")
    (place.folder / f"seeds/observations/{OBESITY}.csv").write_text("", encoding="utf-8")
    with pytest.raises(KeptSeedsError, match=f"1 of .* observations/{OBESITY}.csv"):
        kept_seeds.restore(first, place.folder / "published", tmp_path / "seeds")
    assert not (tmp_path / "seeds").exists()


def damage(path: Path) -> None:
    """A byte in the middle of what is compressed."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


@pytest.mark.parametrize("harm", [damage, lambda p: p.write_bytes(b""), lambda p: p.write_bytes(p.read_bytes()[:-9])])
def test_a_damaged_kept_seed_is_told_and_mended(place: Place, tmp_path: Path, harm: Callable[[Path], object]) -> None:
    published = place.folder / "published"
    first = publish_what_stands(place, "20261125T080000Z-00000000")
    kept = published / "editions" / f"{sha256(place.source().path)}.gz"
    whole = kept.read_bytes()
    assert kept_seeds.faults(published, [first]) == []
    harm(kept)
    (said,) = kept_seeds.faults(published, [first])
    assert f"{kept} is damaged" in said and "the next publication from it mends this" in said
    # The copy in seeds/ is as good.
    assert len(kept_seeds.restore(first, published, tmp_path / "seeds")) == len(kept_seeds.built_from(first))
    kept_seeds.keep(published)
    assert kept.read_bytes() == whole
    # Without one there is an error that says so, and no part of the seeds.
    harm(kept)
    place.source().path.write_text("other", encoding="utf-8")
    (said,) = kept_seeds.faults(published, [first])
    assert "from a backup" in said
    with pytest.raises(KeptSeedsError, match=f"1 of .* observations/{OBESITY}.csv"):
        kept_seeds.restore(first, published, tmp_path / "again")
    assert kept_seeds.keep(published) == [f"observations/{OBESITY}.csv"]
    kept.unlink()
    (said,) = kept_seeds.faults(published, [first])
    assert f"{kept} is missing" in said


def test_history_verifies_the_kept_seeds(publication: Path, home: Path, tmp_path: Path) -> None:
    published = tmp_path / "published"
    shutil.copytree(publication, published, symlinks=True)
    arguments = ["--published", str(published), "history", "--verify"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    kept = min((published / "editions").iterdir())
    damage(kept)
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert kept.name in "".join(result.stderr.split())
    assert CliRunner().invoke(app, arguments[:-1]).exit_code == 0


def test_publication_records_and_keeps_the_seeds_it_was_built_from(publication: Path, home: Path) -> None:
    recorded = kept_seeds.built_from(publication / "current")
    assert {e.source_id for e in recorded} == {*sources(), registry.SOURCE_FILE}
    for edition in recorded:
        assert edition.seed_sha256 == sha256(home / "seeds" / edition.seed_path), edition.seed_path
        kept = publication / "editions" / f"{edition.seed_sha256}.gz"
        assert hashlib.sha256(gzip.decompress(kept.read_bytes())).hexdigest() == edition.seed_sha256
    listed = json.loads(CliRunner().invoke(app, ["--published", str(publication), "editions", "--json"]).stdout)
    assert [row["seed_sha256"] for row in listed] == [edition.seed_sha256 for edition in recorded]
