"""The page of downloads: the whole publication as files with their sizes, the JSON files, and how to cite and quote."""

from pathlib import Path
from typing import Any

from missions.publication.folder import DATABASE, SITE, WORKBOOK, files_in
from missions.site.data import Row
from missions.site.openapi import ROOT
from missions.site.renderer import Files, Renderer

# What a reader might open first, with what it is; folders are by kind of file.
_WHOLE = (
    (WORKBOOK, "Excel workbook", "The tables that people use most, with a sheet that explains every column."),
    (DATABASE, "DuckDB database", "Every table with its keys and descriptions, for SQL and for BI tools."),
)
_FOLDERS = (("csv", "CSV"), ("parquet", "Parquet"))
_MEGABYTE = 1_000_000


def files(site: Renderer) -> Files:
    folder = site.folder
    yield site.render(
        "download.html",
        "download.html",
        "Download the data",
        [("Download", None)],
        whole=[
            {"name": name, "title": title, "about": about, "size": size_words((folder / name).stat().st_size)}
            for name, title, about in _WHOLE
            if folder and (folder / name).is_file()
        ],
        tables=_tables(folder, {row["table_name"]: row["comment"] for row in site.marts.table_descriptions}),
        formats=[title for _, title in _FOLDERS],
        api=ROOT,
        example=site.marts.authorities[0]["authority_code"],
        dataset=site.dataset(
            "Missions Index",
            "All tables of the index: scores, ranks with their ranges, figures, sources.",
            "download.html",
            {f"{ROOT}/openapi.json": "Description of the JSON files", "data/index/composite.csv": "Scores and ranks"},
        ),
    )


def _tables(folder: Path | None, about: dict[str, str]) -> list[Row]:
    """Each table with its files, by format."""
    found: dict[str, dict[str, Any]] = {}
    for path in files_in(folder) if folder else []:
        kind = path.relative_to(folder).parts[0] if folder else ""
        name = path.name.partition(".")[0]
        if kind != SITE and kind in dict(_FOLDERS) and name in about:
            found.setdefault(name, {})[kind] = {
                "address": path.relative_to(folder).as_posix() if folder else "",
                "size": size_words(path.stat().st_size),
            }
    return [
        {
            "name": name,
            "about": f"{about[name].partition('. ')[0].rstrip('.')}.",
            "files": [kinds.get(kind) for kind, _ in _FOLDERS],
        }
        for name, kinds in sorted(found.items())
    ]


def size_words(size: int) -> str:
    """The size of a file, such as 6.9 MB."""
    return f"{size / _MEGABYTE:.1f} MB" if size >= _MEGABYTE / 10 else f"{max(size, 1000) / 1000:.0f} kB"
