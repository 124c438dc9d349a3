"""The explorer: a static site made from the published marts, in plain files that need no server.

Belongs here: writing a site into a folder, unchanged files as they were. What pages there are is in pages.py, what they
say in data.py and templates/, charts in charts.py, the PDF in report.py.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from missions.publication.folder import DATABASE

if TYPE_CHECKING:
    from missions.site.renderer import Renderer

STATIC = Path(__file__).with_name("static")


def build_site(published: Path, target: Path, previous: Path | None = None, *, manifest: Path | None = None) -> int:
    """Write the site of the publication in `published` into `target`; returns how many files are new or changed.

    A file that is the same in `target` is left alone; one that is the same in the `previous` site is linked, not
    written. What does not belong to the site is removed from `target`. With dbt's `manifest` the site has dbt's own
    documentation too.
    """
    from missions.site.data import read
    from missions.site.renderer import Renderer

    folder = published.resolve()
    site = Renderer(read(folder / DATABASE), _publication_id(folder), has_dbt_docs=manifest is not None)
    written, names = 0, set()
    for name, text in _all_files(site, manifest):
        names.add(name)
        written += _write(target / name, text.encode(), previous / name if previous else None)
    for path in sorted(target.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(target).as_posix() not in names:
            path.unlink()
    return written


def _all_files(site: "Renderer", manifest: Path | None) -> Iterator[tuple[str, str]]:
    from missions.site.pages import site_files

    yield from site_files(site)
    for path in sorted(STATIC.iterdir()):
        yield f"static/{path.name}", path.read_text(encoding="utf-8")
    yield from _datatables()
    if manifest is not None:
        from missions.site.catalogue import dbt_docs

        yield "catalogue/index.html", dbt_docs(manifest, site.marts)


def _datatables() -> Iterator[tuple[str, str]]:
    """DataTables as itables carries it, as a plain script: a page opened from disk cannot load a module."""
    import re

    spec = find_spec("itables")
    assert spec is not None and spec.origin is not None
    bundle = Path(spec.origin).with_name("html") / "dt_bundle.js"
    module = bundle.read_text(encoding="utf-8")
    script, found = re.subn(r"export\{[^}]*?([\w$]+) as default[^}]*\};?", r"window.DataTable=\1;", module)
    assert found == 1, f"{bundle} exports otherwise than expected"
    yield "static/datatables.js", f"(()=>{{{script}\n}})();\n"
    yield "static/datatables.css", bundle.with_suffix(".css").read_text(encoding="utf-8")


def _publication_id(folder: Path) -> str:
    import json

    descriptor = folder / "datapackage.json"
    return str(json.loads(descriptor.read_text(encoding="utf-8"))["id"]) if descriptor.is_file() else ""


def _write(path: Path, content: bytes, previous: Path | None) -> bool:
    """Have `content` in a file, by writing as little as possible; whether it is new. Never writes through a link."""
    if _holds(path, content):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    if previous is not None and _holds(previous, content):
        with suppress(OSError):  # a file system without links gets a copy
            os.link(previous, fresh)
            fresh.replace(path)
            return False
    fresh.write_bytes(content)
    fresh.replace(path)
    return True


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except FileNotFoundError:
        return False
