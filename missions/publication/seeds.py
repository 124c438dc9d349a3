"""The seeds that publications were built from, each kept once under its checksum beside the publications.

Belongs here: keeping them, finding what a publication was built from, and laying it out again as a folder of seeds.
What a newer edition is and whether it is taken is for refresh.py.
"""

import csv
import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from missions.errors import KeptSeedsError
from missions.files import replace_file, sha256
from missions.paths import SEEDS
from missions.sources.registry import SEED_SUMS, document, sums_text

EDITIONS = "editions"  # in the published folder
_RECORD = "csv/source_edition.csv"  # in a publication


@dataclass(frozen=True)
class KeptSeed:
    """A seed as a publication was built from it."""

    source_id: str
    seed_path: str
    seed_sha256: str
    snapshot_date: str


def built_from(publication: Path) -> list[KeptSeed]:
    """The seeds that a publication says it was built from. Raises KeptSeedsError where it does not say."""
    try:
        with (publication / _RECORD).open(encoding="utf-8", newline="") as stream:
            return [KeptSeed(**row) for row in csv.DictReader(stream)]
    except (OSError, TypeError, ValueError, csv.Error) as error:
        raise KeptSeedsError(f"{publication} does not say what it was built from ({error})") from error


def keep(published: Path) -> list[str]:
    """Keep the seeds that the publication in force was built from, and let go of those that no publication needs.

    Gives the paths of seeds that could not be kept, as they have changed since they were loaded.
    """
    archive = published / EDITIONS
    archive.mkdir(exist_ok=True)
    missed = []
    for seed in built_from(published / "current"):
        place = _place(published, seed)
        if _kept(place, seed) is not None:
            continue  # one that was damaged is kept anew
        data = (SEEDS / seed.seed_path).read_bytes()
        if sha256(data) != seed.seed_sha256:
            missed.append(seed.seed_path)
            continue
        replace_file(place, gzip.compress(data, compresslevel=6, mtime=0))
    needed = set()
    for publication in (published / "history").iterdir():
        if (publication / _RECORD).is_file():
            needed |= {f"{seed.seed_sha256}.gz" for seed in built_from(publication)}
    for place in archive.iterdir():
        if place.name not in needed:
            place.unlink()
    return missed


def faults(published: Path, publications: Sequence[Path]) -> list[str]:
    """What is wrong with the seeds kept for these publications: each damaged file, and each that is nowhere."""
    found: dict[Path, str | None] = {}
    for publication in publications:
        try:
            seeds = built_from(publication)
        except KeptSeedsError:
            continue  # made before publications said so, or damaged, which its own checksums tell
        for seed in seeds:
            place = _place(published, seed)
            if place not in found:
                found[place] = _fault(place, seed, publication)
    return [fault for fault in found.values() if fault]


def _fault(place: Path, seed: KeptSeed, publication: Path) -> str | None:
    if _kept(place, seed) is not None:
        return None
    stands = _in_use(seed) is not None
    if stands and not place.exists():
        return None  # it can be laid out
    return (
        f"{place} is {'damaged' if place.exists() else 'missing'}: {seed.seed_path}, from which {publication.name} "
        "was built. "
        + (
            "The same file stands in seeds/; the next publication from it mends this."
            if stands
            else "Put the file back from a backup; if seeds/ is in git, look there for the seed: git log -- seeds/"
        )
    )


def _place(published: Path, seed: KeptSeed) -> Path:
    return published / EDITIONS / f"{seed.seed_sha256}.gz"


def _kept(place: Path, seed: KeptSeed) -> bytes | None:
    """The seed as it was kept, or None where it is not there or damaged."""
    try:
        data = gzip.decompress(place.read_bytes())
    except (OSError, EOFError, ValueError, zlib.error):
        return None
    return data if sha256(data) == seed.seed_sha256 else None


def _in_use(seed: KeptSeed) -> bytes | None:
    """The seed in seeds/, where it is still the same."""
    file = SEEDS / seed.seed_path
    data = file.read_bytes() if file.is_file() else b""
    return data if sha256(data) == seed.seed_sha256 else None


def restore(publication: Path, published: Path, folder: Path) -> list[KeptSeed]:
    """Lay out the seeds that a publication was built from in a new folder, from those kept or from seeds/.

    Raises KeptSeedsError naming what is not to be found, before anything is written.
    """
    found: dict[str, bytes] = {}
    lacking = []
    seeds = built_from(publication)
    for seed in seeds:
        data = _kept(_place(published, seed), seed)
        data = _in_use(seed) if data is None else data
        if data is None:
            lacking.append(f"{seed.seed_path} (sha256 {seed.seed_sha256[:12]}…)")
        else:
            found[seed.seed_path] = data
    if lacking:
        raise KeptSeedsError(
            f"{len(lacking)} of {len(seeds)} seeds are neither in {published / EDITIONS} nor in {SEEDS}: "
            f"{', '.join(lacking[:5])}. If seeds/ is in git, look there: git log -- seeds/"
        )
    if folder.exists() and any(folder.iterdir()):
        raise KeptSeedsError(f"{folder} is not empty; name a new folder")
    for path, data in found.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    _record_sums(folder, seeds)
    return seeds


def _record_sums(folder: Path, seeds: list[KeptSeed]) -> None:
    """The checksums that a load compares the seeds with, as the registry of that time asks for them."""
    registry = document(folder / "sources.yml")
    from_publishers = {item["seed"] for item in registry["sources"] if item["reader"]}
    sums = {seed.seed_path: [sha256(folder / seed.seed_path)] for seed in seeds if seed.seed_path in from_publishers}
    (folder / SEED_SUMS).write_text(sums_text(sums), encoding="utf-8")
