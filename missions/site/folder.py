"""Writes the folder of the site from a publication, with as few writes as possible.

Belongs here: putting files in place and removing leftovers. pages/ and scripts.py list the files.
"""

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from missions.files import replace_file
from missions.publication.folder import DATABASE
from missions.site.data import Marts
from missions.site.manifest import read_manifest
from missions.site.pages import page_files
from missions.site.renderer import Files, Renderer
from missions.site.scripts import static_files
from missions.site.settings import settings_from


def build_site(published: Path, target: Path, previous: Path | None = None, *, manifest: Path | None = None) -> int:
    """Write the site of the publication in `published` into `target`; returns how many files are new or changed.

    A file unchanged in `target` is left alone; one unchanged from the `previous` site is linked instead of written.
    Other files in `target` are removed. With dbt's `manifest` the catalogue shows how each table is made. Raises
    MissionsError if nothing is published.
    """
    folder = published.resolve()
    project = read_manifest(manifest) if manifest is not None else None
    site = Renderer(Marts(folder / DATABASE), project, settings_from(), folder)
    written, names = 0, set()
    for name, content in _all_files(site):
        names.add(name)
        data = content if isinstance(content, bytes) else content.encode()
        written += _write(target / name, data, previous / name if previous else None)
    _remove_others(target, names)
    return written


def _all_files(site: Renderer) -> Files:
    yield from page_files(site)
    yield from static_files()


def _write(path: Path, content: bytes, previous: Path | None) -> bool:
    """Put `content` in a file, without writing if possible. Returns whether it is new. Never writes through a link."""
    if _holds(path, content):
        return False
    if previous is not None and _holds(previous, content):
        with suppress(OSError):  # on a file system without links, write a copy
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            os.link(previous, path)
            return False
    replace_file(path, content)
    return True


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except FileNotFoundError:
        return False


def _remove_others(folder: Path, names: Collection[str]) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(folder).as_posix() not in names:
            path.unlink()
