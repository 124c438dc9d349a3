"""Editions: the seeds that publications were built from, each kept once under its checksum beside the publications.

Belongs here: keeping them, finding what a publication was built from, and laying it out again as a folder of seeds.
What a newer edition is and whether it is taken is for refresh.py.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from missions.errors import KeptSeedsError
from missions.files import sha256
from missions.paths import SEEDS
from missions.sources.registry import SEED_SUMS, document, sums_text

EDITIONS = "editions"  # in the published folder
_RECORD = "csv/source_edition.csv"  # in a publication


@dataclass(frozen=True)
class SeedEdition:
    """A seed as a publication was built from it."""

    source_id: str
    seed_path: str
    seed_sha256: str
    snapshot_date: str


def built_from(publication: Path) -> list[SeedEdition]:
    """The seeds that a publication says it was built from. Raises KeptSeedsError where it does not say."""
    try:
        with (publication / _RECORD).open(encoding="utf-8", newline="") as stream:
            return [SeedEdition(**row) for row in csv.DictReader(stream)]
    except (OSError, TypeError, ValueError, csv.Error) as error:
        raise KeptSeedsError(f"{publication} does not say what it was built from ({error})") from error


def keep(published: Path) -> list[str]:
    """Keep the seeds that the publication in force was built from, and let go of those that no publication needs.

    Gives the paths of seeds that could not be kept, as they have changed since they were loaded.
    """
    archive = published / EDITIONS
    archive.mkdir(exist_ok=True)
    missed = []
    for edition in built_from(published / "current"):
        place = _place(published, edition)
        if _kept(place, edition) is not None:
            continue  # one that was damaged is kept anew
        data = (SEEDS / edition.seed_path).read_bytes()
        if hashlib.sha256(data).hexdigest() != edition.seed_sha256:
            missed.append(edition.seed_path)
            continue
        beside = archive / f".{place.name}.new"
        beside.write_bytes(gzip.compress(data, compresslevel=6, mtime=0))
        beside.replace(place)
    needed = set()
    for publication in (published / "history").iterdir():
        if (publication / _RECORD).is_file():
            needed |= {f"{edition.seed_sha256}.gz" for edition in built_from(publication)}
    for place in archive.iterdir():
        if place.name not in needed:
            place.unlink()
    return missed


def faults(published: Path, publications: Sequence[Path]) -> list[str]:
    """What is wrong with the seeds kept for these publications: each damaged file, and each that is nowhere."""
    found: dict[Path, str | None] = {}
    for publication in publications:
        try:
            editions = built_from(publication)
        except KeptSeedsError:
            continue  # made before publications said so, or damaged, which its own checksums tell
        for edition in editions:
            place = _place(published, edition)
            if place not in found:
                found[place] = _fault(place, edition, publication)
    return [fault for fault in found.values() if fault]


def _fault(place: Path, edition: SeedEdition, publication: Path) -> str | None:
    if _kept(place, edition) is not None:
        return None
    stands = _in_use(edition) is not None
    if stands and not place.exists():
        return None  # it can be laid out
    return (
        f"{place} is {'damaged' if place.exists() else 'missing'}: {edition.seed_path}, from which {publication.name} "
        "was built. "
        + (
            "The same file stands in seeds/; the next publication from it mends this."
            if stands
            else "Put the file back from a backup; if seeds/ is in git, look there for the seed: git log -- seeds/"
        )
    )


def _place(published: Path, edition: SeedEdition) -> Path:
    return published / EDITIONS / f"{edition.seed_sha256}.gz"


def _kept(place: Path, edition: SeedEdition) -> bytes | None:
    """The seed as it was kept, or None where it is not there or damaged."""
    try:
        data = gzip.decompress(place.read_bytes())
    except (OSError, EOFError, ValueError, zlib.error):
        return None
    return data if hashlib.sha256(data).hexdigest() == edition.seed_sha256 else None


def _in_use(edition: SeedEdition) -> bytes | None:
    """The seed in seeds/, where it is still the same."""
    seed = SEEDS / edition.seed_path
    data = seed.read_bytes() if seed.is_file() else b""
    return data if hashlib.sha256(data).hexdigest() == edition.seed_sha256 else None


def restore(publication: Path, published: Path, folder: Path) -> list[SeedEdition]:
    """Lay out the seeds that a publication was built from in a new folder, from those kept or from seeds/.

    Raises KeptSeedsError naming what is not to be found, before anything is written.
    """
    found: dict[str, bytes] = {}
    lacking = []
    editions = built_from(publication)
    for edition in editions:
        data = _kept(_place(published, edition), edition)
        data = _in_use(edition) if data is None else data
        if data is None:
            lacking.append(f"{edition.seed_path} (sha256 {edition.seed_sha256[:12]}…)")
        else:
            found[edition.seed_path] = data
    if lacking:
        raise KeptSeedsError(
            f"{len(lacking)} of {len(editions)} seeds are neither in {published / EDITIONS} nor in {SEEDS}: "
            f"{', '.join(lacking[:5])}. If seeds/ is in git, look there: git log -- seeds/"
        )
    if folder.exists() and any(folder.iterdir()):
        raise KeptSeedsError(f"{folder} is not empty; name a new folder")
    for path, data in found.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    _record_sums(folder, editions)
    return editions


def _record_sums(folder: Path, editions: list[SeedEdition]) -> None:
    """The checksums that a load compares the seeds with, as the registry of that time asks for them."""
    registry = document(folder / "sources.yml")
    from_publishers = {item["seed"] for item in registry["sources"] if item["reader"]}
    sums = {e.seed_path: [sha256(folder / e.seed_path)] for e in editions if e.seed_path in from_publishers}
    (folder / SEED_SUMS).write_text(sums_text(sums), encoding="utf-8")
