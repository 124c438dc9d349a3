"""The seeds that publications were built from, each kept once, under its checksum, beside the publications.

Belongs here: keeping them, listing what a publication was built from, and restoring it as a folder of seeds. Fetching
and applying newer editions is the job of missions.sources.
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
    """A seed that a publication was built from."""

    source_id: str
    seed_path: str
    seed_sha256: str
    snapshot_date: str


def built_from(publication: Path) -> list[KeptSeed]:
    """The seeds that a publication lists as its inputs. Raises KeptSeedsError if it has no such list."""
    try:
        with (publication / _RECORD).open(encoding="utf-8", newline="") as stream:
            return [KeptSeed(**row) for row in csv.DictReader(stream)]
    except (OSError, TypeError, ValueError, csv.Error) as error:
        raise KeptSeedsError(f"{publication} does not list the seeds it was built from ({error})") from error


def keep(published: Path) -> list[str]:
    """Keep the seeds that the current publication was built from, and delete those that no publication needs.

    Returns the paths of seeds that could not be kept because they have changed since they were loaded.
    """
    archive = published / EDITIONS
    archive.mkdir(exist_ok=True)
    missed = []
    for seed in built_from(published / "current"):
        place = _place(published, seed)
        if _kept(place, seed) is not None:
            continue  # a damaged one is written again
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
    """The faults in the seeds kept for these publications: one message per damaged or missing file."""
    found: dict[Path, str | None] = {}
    for publication in publications:
        try:
            seeds = built_from(publication)
        except KeptSeedsError:
            continue  # older than the list, or damaged, which its own checksums show
        for seed in seeds:
            place = _place(published, seed)
            if place not in found:
                found[place] = _fault(place, seed, publication)
    return [fault for fault in found.values() if fault]


def _fault(place: Path, seed: KeptSeed, publication: Path) -> str | None:
    if _kept(place, seed) is not None:
        return None
    is_in_use = _in_use(seed) is not None
    if is_in_use and not place.exists():
        return None  # it can be restored from seeds/
    return (
        f"{place} is {'damaged' if place.exists() else 'missing'}: {seed.seed_path}, from which {publication.name} "
        "was built. "
        + (
            "seeds/ has the same file: the next publication from it mends this."
            if is_in_use
            else "Restore the file from a backup; if seeds/ is in git, look for the seed there: git log -- seeds/"
        )
    )


def _place(published: Path, seed: KeptSeed) -> Path:
    return published / EDITIONS / f"{seed.seed_sha256}.gz"


def _kept(place: Path, seed: KeptSeed) -> bytes | None:
    """The kept seed's content, or None if the file is missing or damaged."""
    try:
        data = gzip.decompress(place.read_bytes())
    except (OSError, EOFError, ValueError, zlib.error):
        return None
    return data if sha256(data) == seed.seed_sha256 else None


def _in_use(seed: KeptSeed) -> bytes | None:
    """The content of the seed in seeds/, if it is still the same."""
    file = SEEDS / seed.seed_path
    data = file.read_bytes() if file.is_file() else b""
    return data if sha256(data) == seed.seed_sha256 else None


def restore(publication: Path, published: Path, folder: Path) -> list[KeptSeed]:
    """Restore the seeds that a publication was built from into a new folder, from those kept or from seeds/.

    Raises KeptSeedsError, before anything is written, naming the seeds that cannot be found.
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
        raise KeptSeedsError(f"{folder} is not empty; name a new or empty folder")
    for path, data in found.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    _record_sums(folder, seeds)
    return seeds


def _record_sums(folder: Path, seeds: list[KeptSeed]) -> None:
    """Write the checksums that a load expects, for the sources in the restored registry."""
    registry = document(folder / "sources.yml")
    from_publishers = {item["seed"] for item in registry["sources"] if item["reader"]}
    sums = {seed.seed_path: [sha256(folder / seed.seed_path)] for seed in seeds if seed.seed_path in from_publishers}
    (folder / SEED_SUMS).write_text(sums_text(sums), encoding="utf-8")
