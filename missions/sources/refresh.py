"""Refresh: fetches newer editions, compares them with the current ones, and applies those within their bounds.

Belongs here: the path of an edition from landing to seed, and what is reported about it. HTTP belongs in fetch.py, what
changed in compare.py, publishers' formats in readers/.
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
_ALONE_PATIENCE = 0.5  # seconds; a process that only checks for a refresh holds the lock for an instant
SOURCES_PAGE = PROJECT / "docs" / "SOURCES.md"


class Status(StrEnum):
    """The result for one source."""

    UNCHANGED = "unchanged"  # the distributor has the current version
    TAKEN = "taken"  # a newer edition was applied
    NEWER = "newer"  # a newer edition within its bounds was found but not applied
    WAITING = "waiting"  # a newer edition is out of bounds; a person must decide
    UNREADABLE = "unreadable"  # a newer edition cannot become a seed
    FAILED = "failed"  # nothing could be fetched, or a run prevented the edition from being applied

    @property
    def is_open(self) -> bool:
        """Whether a newer edition cannot be used until a person has acted."""
        return self in (Status.WAITING, Status.UNREADABLE)


@dataclass(frozen=True)
class Outcome:
    """The result for one source, with the folder of its newest edition and what the edition would change.

    `overdue` is a message if the last successful check is longer ago than the source's release rhythm.
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
    """Fetch, compare and apply the newest editions of the chosen sources, one by one; `check` applies none.

    A source that fails does not hold up the others. Sources still waiting when the time limit of a refresh has passed
    fail with that message. Raises BusyError if another refresh is under way.
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
    """Compare and apply files that a person downloaded into `folder`."""
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
    """Apply the newest landed edition of a source although it is out of bounds: a person has decided.

    Nothing is fetched: the edition applied is the one in the report. Raises RefreshError if none has landed.
    """
    with _alone():
        edition = newest_edition(source.source_id)
        if edition is None:
            raise RefreshError(
                f"{source.source_id}: no edition has been downloaded yet; run `missions refresh {source.source_id}`"
            )
        return consider(source, edition, take=True, decided=True, patience=_PATIENCE)


def _considered(source: Source, edition: Edition, *, take: bool, patience: float) -> Outcome:
    try:
        return consider(source, edition, take=take, patience=patience)
    except SeedError as error:
        return Outcome(source.source_id, Status.FAILED, str(error))


def consider(source: Source, edition: Edition, *, take: bool, decided: bool = False, patience: float = 0.0) -> Outcome:
    """Compare a landed edition with the current one, write the report beside it, and apply it if allowed.

    `patience` is how many seconds to wait for a run that is loading the seeds.
    """
    if edition.digests == in_use(source):
        return _reported(edition, Outcome(source.source_id, Status.UNCHANGED, "the newest edition is in use"))
    try:
        text, rows = _new_seed(source, edition)
    except SnapshotError as error:
        message = (
            f"the newest edition cannot be read: {error}. The current version is kept. Check the file in "
            f"{edition.folder}, then adapt the reader ({source.reader}) or the registry to the publisher's new format"
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
            f" The current version is kept. See {edition.folder / REPORT_TEXT}; if the new edition is right, run "
            f"`missions refresh --accept {source.source_id}`"
        )
    elif not take:
        status, message = Status.NEWER, f"{comparison.figures_changed:,} figures new or changed, all within its bounds"
    else:
        status, message = Status.TAKEN, f"{comparison.figures_changed:,} figures new or changed"
        if not comparison.is_within:
            message += f", accepted by a person although out of bounds: {', '.join(f.what for f in comparison.outside)}"
        try:
            install(source, edition, text, rows, patience)
        except BusyError as error:
            again = "--accept " if decided else ""
            status, message = (
                Status.FAILED,
                f"downloaded but not applied: {error} The current version is kept; run "
                f"`missions refresh {again}{source.source_id}` again later",
            )
    return _reported(edition, Outcome(source.source_id, status, message, edition.folder, comparison))


def standing(source: Source) -> Outcome:
    """What is known about a source's newest edition and the last attempt to fetch one, without fetching anything."""
    edition, attempt = newest_edition(source.source_id), landing.last_attempt(source.source_id)
    folder = edition.folder if edition else None
    if edition is None:
        status, message = Status.UNCHANGED, "no edition has been fetched yet"
    elif edition.digests == in_use(source):
        status, message = Status.UNCHANGED, "the newest edition is in use"
    else:
        try:
            report = read_json(edition.folder / REPORT_JSON)
            status, message = Status(report["status"]), report["message"]
        except (OSError, ValueError, KeyError):
            status, message = Status.NEWER, "downloaded but not compared yet"
    if attempt and not attempt.is_good:
        failed = f"the last attempt ({attempt.attempted_at[:16]}Z) failed: {attempt.message}"
        failed += f" (last success: {attempt.succeeded_at[:10]})" if attempt.succeeded_at else ""
        # An edition that waits for a person still does.
        if status.is_open:
            message = f"{message}. Also, {failed}"
        else:
            status, message = Status.FAILED, failed
    # The snapshot counts as a fetch too, wherever it was made.
    moments = [edition and edition.checked_at, attempt and attempt.succeeded_at, source.snapshot_date.isoformat()]
    checked_at = max(moment for moment in moments if moment)
    return Outcome(source.source_id, status, message, folder, None, checked_at, _overdue(source, checked_at))


def _overdue(source: Source, checked_at: str) -> str | None:
    days = registry.RHYTHM_DAYS.get(source.release_rhythm or "")
    if days is None or _now() - datetime.fromisoformat(checked_at).replace(tzinfo=UTC) <= timedelta(days=days):
        return None
    return (
        f"overdue: the last successful check was on {checked_at[:10]}, and new figures are published on this "
        f"rhythm: {source.release_rhythm}; run `missions refresh {source.source_id}` to see why"
    )


def _now() -> datetime:
    return datetime.now(UTC)


def install(source: Source, edition: Edition, text: str, rows: int, patience: float) -> None:
    """Replace the old seed with the new one, then record in the registry what it was made from.

    A kill in between leaves a good seed under the old checksums; the next refresh finds no changed figures and corrects
    them. Waits for a run that is loading the seeds; raises BusyError if it has not ended after `patience` seconds.
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
            file["commit"] = None  # the address always leads to the newest version
        write_registry(document)
        registry.forget()
        # Of the generated files, only this page shows which edition is in use.
        if SOURCES_PAGE.is_file():
            replace_file(SOURCES_PAGE, generated.sources_page())


def refreshable(source_ids: Sequence[str] = ()) -> list[Source]:
    """The named sources, or all that can be refreshed automatically. Raises UsageError naming a wrong one."""
    known = sources()
    for source_id in source_ids:
        if source_id not in known:
            raise UsageError(f"there is no source {source_id!r}; docs/SOURCES.md lists them all")
        if not known[source_id].is_refreshable:
            raise UsageError(f"{source_id}: {how_by_hand(known[source_id])}")
    return [known[i] for i in source_ids] or [source for source in known.values() if source.is_refreshable]


def by_hand() -> list[Source]:
    """The sources whose files only a person can download."""
    return [source for source in sources().values() if source.files and not source.is_refreshable]


def how_by_hand(source: Source) -> str:
    """How a person can bring in a newer edition of a source."""
    if not source.files:
        return "a table of the project itself: edit it"
    page = source.landing_page or "the publishers' pages in docs/SOURCES.md"
    where = f"{page} (current file: {source.distributor}; keep its columns)"
    names = ", ".join(file.path for file in source.files)
    if source.is_comparable:
        return f"download from {where}; save as {names}; then run `missions refresh --from FOLDER {source.source_id}`"
    return (
        f"download from {where}; save as {names} with all publishers' files; then run `missions snapshot --from FOLDER`"
    )


def present_areas() -> dict[str, str]:
    """Every area code of a current council or partnership, with a name that all its codes share."""
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
    """The seed made from an edition, with its number of rows, checked as a load checks it. Raises SnapshotError."""
    text, rows = read_publisher(source, edition.folder)
    if not rows:
        raise SnapshotError("none of its rows is for an area and a measure in use")
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
    """Write the result for an edition beside it."""
    compared = outcome.comparison
    text = f"{outcome.source_id}, edition {edition.folder.name}: {outcome.status}. {outcome.message}\n"
    replace_file(edition.folder / REPORT_TEXT, text + (f"\n{compared.text()}" if compared else ""))
    report = {
        "source_id": outcome.source_id,
        "status": outcome.status,
        "message": outcome.message,
        "reported_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "comparison": compared.as_dict() if compared else None,
    }
    write_json(edition.folder / REPORT_JSON, report)
    return replace(outcome, folder=edition.folder)


def is_under_way() -> bool:
    """Whether a refresh is under way, in this process or another."""
    try:
        with _alone():
            return False
    except BusyError:
        return True


def _alone() -> AbstractContextManager[None]:
    """Hold the landing folder. Raises BusyError if another refresh holds it."""
    return lock(landing.LANDING / ".lock", _busy, _ALONE_PATIENCE)


def _busy(holder: str) -> str:
    return f"another refresh is under way ({holder}); wait until it has ended, then try again"
