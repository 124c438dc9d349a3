"""What the current publication was built from, and what has changed since.

Belongs here: the record beside the build file. Neither Dagster nor dbt is imported: a command with nothing to do
ends at once. What must be made again is decided in again.py.
"""

import hashlib
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

import missions
import orchestration
from missions.errors import PublicationError
from missions.files import read_json, sha256, write_json
from missions.paths import DBT_PROJECT, PROJECT, PUBLISHED, SEEDS, WAREHOUSE
from missions.publication.folder import SITE, current, verify
from missions.sources.registry import SEED_SUMS

RECORD = WAREHOUSE.with_name("built.json")
_PACKAGES = ("dagster", "dagster-dbt", "dbt-core", "dbt-duckdb", "duckdb", "jinja2", "pandas", "pyarrow", "xlsxwriter")
_MADE = {"target", "logs", "__pycache__"}  # folders of what is made
_MADE_FILES = {".user.yml"}


def parts() -> dict[str, str]:
    """A checksum for each thing that a build depends on: seeds and dbt's files one by one, code by room, versions.

    A seed goes with its line in SHA256SUMS, to which it is held.
    """
    found = {}
    sums = SEEDS / SEED_SUMS
    lines = sums.read_text(encoding="utf-8", errors="replace").splitlines() if sums.is_file() else []
    for path in _files(SEEDS):
        name = path.relative_to(SEEDS).as_posix()
        if path != sums:
            recorded = sorted(line for line in lines if line.endswith(f"  {name}"))
            found[f"seeds/{name}"] = sha256("\n".join([sha256(path), *recorded]).encode())
    for path in _files(DBT_PROJECT):
        found[f"dbt_project/{path.relative_to(DBT_PROJECT).as_posix()}"] = sha256(path)
    code = Path(missions.__file__).parent
    for room in sorted(path for path in code.iterdir() if path.is_dir() and path.name not in _MADE):
        found[f"missions/{room.name}"] = _together(room, _files(room))
    found["missions"] = _together(code, sorted(code.glob("*.py")))
    orchestrated = Path(orchestration.__file__).parent
    found["orchestration"] = _together(orchestrated, _files(orchestrated))
    found["python"] = platform.python_version()
    return found | {f"version of {package}": version(package) for package in _PACKAGES}


def changed() -> list[str] | None:
    """The names of the parts that differ from those of the current publication, sorted.

    None if that is unknown: there is no record of a whole build in this folder, or since then the build file was
    written, another publication made current, or a file of it changed.
    """
    record = read_json(RECORD) if RECORD.is_file() else {}
    if not record or {name: record.get(name) for name in _state()} != _state():
        return None
    try:
        verify(PUBLISHED / "current")
    except (PublicationError, OSError):
        return None
    before, now = record["parts"], parts()
    return sorted(name for name in {*before, *now} if before.get(name) != now.get(name))


def forget() -> None:
    """Drop the record: from here until a run has succeeded, nothing is known of the build."""
    RECORD.unlink(missing_ok=True)


def remember(built_from: Mapping[str, str]) -> None:
    """Record that the current publication, its site and the build file are made from these parts."""
    write_json(RECORD, {**_state(), "parts": dict(built_from)})


def _state() -> dict[str, object]:
    """Where and what the build is. A copy elsewhere is another build: it may have been made to be changed."""
    publication, site = current(PUBLISHED), PUBLISHED / SITE
    file = WAREHOUSE.stat() if WAREHOUSE.is_file() else None
    return {
        "project": str(PROJECT),
        "publication": publication.name if publication else None,
        "site": site.resolve().parent.name if (site / "index.html").is_file() else None,
        "build_file": [file.st_size, file.st_mtime_ns] if file else None,
    }


def _files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.name not in _MADE_FILES and not _MADE & set(path.relative_to(folder).parts)
    )


def _together(folder: Path, files: Iterable[Path]) -> str:
    lines = (f"{sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
