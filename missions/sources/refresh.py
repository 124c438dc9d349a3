"""Refresh: newer editions fetched, compared with those in use, and taken where nothing in them asks for a person.

Belongs here: the way of an edition from landing to seed, and what is said of it. HTTP is for fetch.py, what changed is
for compare.py, publishers' formats are for readers/.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from missions.errors import BusyError, FetchError, RefreshError, SeedError, SnapshotError, UsageError
from missions.files import lock, read_json, replace_file, write_json
from missions.paths import PROJECT, SEEDS
from missions.sources import generated, landing, registry
from missions.sources.build_file import only_run
from missions.sources.compare import Comparison, compare, read_seed
from missions.sources.fetch import Fetcher
from missions.sources.landing import Edition, in_use, landed_edition, newest_edition
from missions.sources.load import load_source, seed_text
from missions.sources.registry import Source, sources
from missions.sources.snapshot import put_in_place, read_publisher, row_floor, seed_bytes, write_registry

REPORT_TEXT, REPORT_JSON = "report.txt", "report.json"
_PATIENCE = 600.0  # seconds
_ALONE_PATIENCE = 0.5  # seconds; who only asks whether a refresh is under way holds the lock for an instant
SOURCES_PAGE = PROJECT / "docs" / "SOURCES.md"


class Status(StrEnum):
    """What became of a source."""

    UNCHANGED = "unchanged"  # the distributor has what is in use
    TAKEN = "taken"  # a newer edition is in use now
    NEWER = "newer"  # a newer edition within its bounds was found, and only looked at
    WAITING = "waiting"  # a newer edition is out of its bounds; a person decides
    UNREADABLE = "unreadable"  # a newer edition cannot become a seed
    FAILED = "failed"  # nothing could be fetched, or what came could not be put in place as a run was at work

    @property
    def is_open(self) -> bool:
        """Whether a newer edition stays out of use until a person has done something."""
        return self in (Status.WAITING, Status.UNREADABLE)


@dataclass(frozen=True)
class Outcome:
    """What became of one source, with the folder of its newest edition and what it would change.

    `overdue` says for how long its distributor was not asked with success, where that is longer than its rhythm.
    """

    source_id: str
    status: Status
    message: str
    folder: Path | None = None
    comparison: Comparison | None = None
    checked_at: str | None = None
    overdue: str | None = None

    @property
    def is_good(self) -> bool:
        return self.status in (Status.UNCHANGED, Status.TAKEN, Status.NEWER)


def refresh(
    chosen: Sequence[Source],
    *,
    check: bool = False,
    fetcher: Fetcher | None = None,
    report: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Fetch, compare and take the newest editions of the chosen sources, one after another; `check` takes none.

    What goes wrong with one source is its outcome and does not keep the others back; nor does a slow one, as those that
    are left when the time for a refresh is over fail by that. Raises BusyError where another refresh is under way.
    """
    outcomes = []
    with _alone(), fetcher or Fetcher() as session:
        for source in chosen:
            try:
                edition = landing.land(source, session)
            except FetchError as error:
                outcome = Outcome(source.source_id, Status.FAILED, str(error))
            else:
                patience = min(_PATIENCE, max(0.0, session.ends - time.monotonic()))
                outcome = _considered(source, edition, take=not check, patience=patience)
            landing.note_attempt(source.source_id, outcome.message if outcome.status is Status.FAILED else None)
            outcomes.append(outcome)
            report(outcome)
    return outcomes


def take_from(chosen: Sequence[Source], folder: Path, *, check: bool = False) -> list[Outcome]:
    """The same with files that a person fetched into `folder`."""
    outcomes = []
    with _alone():
        for source in chosen:
            try:
                edition = landing.land_from(source, folder)
            except FetchError as error:
                outcomes.append(Outcome(source.source_id, Status.FAILED, str(error)))
                continue
            outcomes.append(_considered(source, edition, take=not check, patience=_PATIENCE))
            if outcomes[-1].status is not Status.FAILED:
                landing.note_attempt(source.source_id)
    return outcomes


def accept(source: Source) -> Outcome:
    """Take the newest landed edition of a source though it is out of its bounds: a person has decided.

    Nothing is fetched: what is taken is what the report was about.
    """
    with _alone():
        edition = newest_edition(source.source_id)
        if edition is None:
            raise RefreshError(
                f"{source.source_id}: no edition has landed yet; run `missions refresh {source.source_id}`"
            )
        return consider(source, edition, take=True, decided=True, patience=_PATIENCE)


def _considered(source: Source, edition: Edition, *, take: bool, patience: float) -> Outcome:
    try:
        return consider(source, edition, take=take, patience=patience)
    except SeedError as error:
        return Outcome(source.source_id, Status.FAILED, str(error))


def consider(source: Source, edition: Edition, *, take: bool, decided: bool = False, patience: float = 0.0) -> Outcome:
    """Compare a landed edition with the one in use, write the report beside it, and take it if it may be taken.

    `patience` is how many seconds it waits for a run that loads the seeds.
    """
    if edition.digests == in_use(source):
        return _reported(edition, Outcome(source.source_id, Status.UNCHANGED, "the newest edition is in use"))
    try:
        text, rows = _new_seed(source, edition)
    except SnapshotError as error:
        message = (
            f"the newest edition cannot become a seed: {error}. The edition in use stays. Look at the file in "
            f"{edition.folder}; the reader ({source.reader}) or the registry must follow the publisher's new format"
        )
        return _reported(edition, Outcome(source.source_id, Status.UNREADABLE, message))
    before = landed_edition(source)
    comparison = compare(
        source,
        edition.folder.name,
        read_seed(seed_text(source)),
        read_seed(text),
        columns=[
            (
                file.path,
                landing.publisher_columns(before.folder / file.path) if before else None,
                landing.publisher_columns(edition.folder / file.path),
            )
            for file in source.files
        ],
        councils=present_areas(),
    )
    if not comparison.is_within and not decided:
        status = Status.WAITING
        message = "; ".join(f"{finding.what}: {finding.found}. {finding.decide}" for finding in comparison.outside)
        message += (
            f" The edition in use stays. See {edition.folder / REPORT_TEXT}; if the new edition is right: "
            f"`missions refresh --accept {source.source_id}`"
        )
    elif not take:
        status, message = Status.NEWER, f"{comparison.figures_changed:,} figures new or changed, all within its bounds"
    else:
        status, message = Status.TAKEN, f"{comparison.figures_changed:,} figures new or changed"
        if not comparison.is_within:
            message += f", accepted by a person though out of bounds: {', '.join(f.what for f in comparison.outside)}"
        try:
            install(source, edition, text, rows, patience)
        except BusyError as error:
            again = "--accept " if decided else ""
            status, message = (
                Status.FAILED,
                f"landed, but not taken: {error} The edition in use stays until "
                f"`missions refresh {again}{source.source_id}` is run again",
            )
    return _reported(edition, Outcome(source.source_id, status, message, edition.folder, comparison))


def standing(source: Source) -> Outcome:
    """What is known of a source's newest edition and the last attempt to fetch one; nothing is fetched or compared."""
    edition, attempt = newest_edition(source.source_id), landing.last_attempt(source.source_id)
    folder = edition.folder if edition else None
    if edition is None:
        status, message = Status.UNCHANGED, "no edition has been fetched yet"
    elif edition.digests == in_use(source):
        status, message = Status.UNCHANGED, "the newest edition is in use"
    else:
        try:
            told = read_json(edition.folder / REPORT_JSON)
            status, message = Status(told["status"]), told["message"]
        except (OSError, ValueError, KeyError):
            status, message = Status.NEWER, "landed, and not compared yet"
    if attempt and not attempt.is_good:
        failed = f"the last attempt, of {attempt.attempted_at[:16]}Z, failed: {attempt.message}"
        failed += f" (it went well on {attempt.succeeded_at[:10]})" if attempt.succeeded_at else ""
        # What waits for a person goes on waiting.
        if status.is_open:
            message = f"{message}. Besides, {failed}"
        else:
            status, message = Status.FAILED, failed
    # The snapshot was fetched too, here or where the seed was made.
    moments = [edition and edition.checked_at, attempt and attempt.succeeded_at, source.snapshot_date.isoformat()]
    checked_at = max(moment for moment in moments if moment)
    return Outcome(source.source_id, status, message, folder, None, checked_at, _overdue(source, checked_at))


def _overdue(source: Source, checked_at: str) -> str | None:
    days = registry.RHYTHM_DAYS.get(source.release_rhythm or "")
    if days is None or _now() - datetime.fromisoformat(checked_at).replace(tzinfo=UTC) <= timedelta(days=days):
        return None
    return (
        f"overdue: the distributor was last asked with success on {checked_at[:10]}, and newer figures come out "
        f"{source.release_rhythm}; run `missions refresh {source.source_id}` and see why"
    )


def _now() -> datetime:
    return datetime.now(UTC)


def install(source: Source, edition: Edition, text: str, rows: int, patience: float) -> None:
    """Put the new seed in the old one's place, then say in the registry what it was made from.

    A kill in between leaves a good seed under the old checksums; the next refresh finds no figure changed and mends it.
    Waits for a run that loads the old ones. Raises BusyError where it has not ended after `patience` seconds.
    """
    with only_run(patience=patience):
        if text != seed_text(source):
            put_in_place({source.seed: text})
        document = registry.document()
        fetched = {file.path: file for file in edition.files}
        (item,) = (item for item in document["sources"] if item["source_id"] == source.source_id)
        item["snapshot_date"] = edition.fetched_at[:10]
        item["min_rows"] = row_floor(rows)
        for file in item["files"]:
            file["sha256"], file["bytes"] = fetched[file["path"]].sha256, fetched[file["path"]].bytes
            file["commit"] = None  # the address is that of the newest one, whichever it is
        write_registry(document)
        registry.forget()
        # Of what is made from the registry only this page says which edition is in use.
        if SOURCES_PAGE.is_file():
            replace_file(SOURCES_PAGE, generated.sources_page())


def refreshable(source_ids: Sequence[str] = ()) -> list[Source]:
    """The named sources, or all whose newer editions a program can fetch. Raises UsageError naming a wrong one."""
    known = sources()
    for source_id in source_ids:
        if source_id not in known:
            raise UsageError(
                f"there is no source {source_id!r}; `missions refresh --manual` and docs/SOURCES.md list all"
            )
        if not known[source_id].is_refreshable:
            raise UsageError(f"{source_id}: {how_by_hand(known[source_id])}")
    return [known[i] for i in source_ids] or [source for source in known.values() if source.is_refreshable]


def by_hand() -> list[Source]:
    """The sources with publishers' files that only a person can fetch."""
    return [source for source in sources().values() if source.files and not source.is_refreshable]


def how_by_hand(source: Source) -> str:
    """How a person brings a newer edition of a source."""
    if not source.files:
        return "a table of the project itself: edit it"
    page = source.landing_page or "the publishers' pages in docs/SOURCES.md"
    where = f"{page} (the file in use: {source.distributor}; keep its columns)"
    names = ", ".join(file.path for file in source.files)
    if source.is_comparable:
        return f"fetch from {where}; save as {names}; then `missions refresh --from FOLDER {source.source_id}`"
    return f"fetch from {where}; save as {names} beside all publishers' files; then `missions snapshot --from FOLDER`"


def present_areas() -> dict[str, str]:
    """Each area code that a present council or partnership goes by, with a name that all its codes share."""
    areas = {}
    for council in _rows_of("authority"):
        areas[council["authority_code"]] = areas[council["current_code"]] = council["authority_name"]
    for number in _rows_of("dfe_local_authority_number"):
        if number["area_code"] in areas:
            areas[number["la_number"]] = areas[number["area_code"]]
    for partnership in _rows_of("partnership"):
        areas[partnership["partnership_code"]] = partnership["partnership_code"]
    return areas


def _rows_of(source_id: str) -> Iterator[dict[str, str]]:
    with (SEEDS / sources()[source_id].seed).open(encoding="utf-8-sig", newline="") as stream:
        yield from csv.DictReader(stream)


def _new_seed(source: Source, edition: Edition) -> tuple[str, int]:
    """The seed that an edition makes, checked as a load checks it. Raises SnapshotError."""
    text, rows = read_publisher(source, edition.folder)
    if not rows:
        raise SnapshotError("no row of it is about an area and a measure in use")
    lost = set(_measures(seed_text(source))) - set(_measures(text))
    if lost:
        raise SnapshotError(f"it has no {', '.join(sorted(lost))}, which seeds/framework/indicator_measure.csv uses")
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / Path(source.seed).name
        path.write_bytes(seed_bytes(source.seed, text))
        try:
            load_source(connection, replace(source, seed=str(path), min_rows=0))
        except SeedError as error:
            place = f"line {error.line}, " if error.line else ""
            raise SnapshotError(f"{place}{error.column or 'the table'}: {error.problem}") from error
    return text, rows


def _measures(text: str) -> Sequence[str]:
    table = read_seed(text)
    return list(table["measure"].unique()) if "measure" in table else []


def _reported(edition: Edition, outcome: Outcome) -> Outcome:
    """Write what became of an edition beside it."""
    compared = outcome.comparison
    text = f"{outcome.source_id}, edition {edition.folder.name}: {outcome.status}. {outcome.message}\n"
    replace_file(edition.folder / REPORT_TEXT, text + (f"\n{compared.text()}" if compared else ""))
    told = {
        "source_id": outcome.source_id,
        "status": outcome.status,
        "message": outcome.message,
        "reported_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "comparison": compared.as_dict() if compared else None,
    }
    write_json(edition.folder / REPORT_JSON, told)
    return replace(outcome, folder=edition.folder)


def is_under_way() -> bool:
    """Whether a process refreshes, this one or another."""
    try:
        with _alone():
            return False
    except BusyError:
        return True


def _alone() -> AbstractContextManager[None]:
    """Hold the landing folder. Raises BusyError where another refresh does."""
    busy = "another refresh is under way; wait until it has ended"
    return lock(landing.LANDING / ".lock", lambda holder: busy, _ALONE_PATIENCE)
