"""`missions snapshot`: turns publishers' files into seeds/ in our own tidy layout, byte for byte the same each time.

Belongs here: choosing the reader, checking its output against the layout, writing CSV in a fixed order, and keeping the
registry's checksums. Knowledge of formats belongs in readers/; nothing is cleaned here.
"""

import gzip
import io
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import pandas as pd
import yaml

from missions.errors import SnapshotError
from missions.files import replace_file, sha256, write_beside
from missions.paths import SEEDS
from missions.sources.readers import READERS
from missions.sources.registry import SEED_SUMS, Source, document, recorded_sums, sources, sums_text

_HEADER = (
    "# The registry of sources. `missions snapshot` updates checksums and minimum rows; the rest is written by hand.\n"
)
_ROW_FLOOR = 0.98  # an edition may lose a few areas; a truncated file loses more


def snapshot(folder: Path, report: Callable[[Source, int], None] = lambda source, rows: None) -> None:
    """Write every seed that has a reader from the publishers' files in `folder`, and update the registry.

    Nothing is written unless every source can be read. `report` is called with each source and its number of rows.
    Raises SnapshotError naming the source and file.
    """
    missing = [f.path for s in sources().values() for f in s.files if not (folder / f.path).is_file()]
    if missing:
        raise SnapshotError(
            f"{folder} lacks {len(missing)} of the files that seeds/sources.yml lists; the first is {missing[0]}"
        )
    texts: dict[str, tuple[str, int]] = {}
    for source in sources().values():
        if source.reader is None:
            continue
        texts[source.source_id] = read_publisher(source, folder)
        report(source, texts[source.source_id][1])
    put_in_place({sources()[source_id].seed: text for source_id, (text, _) in texts.items()})
    _update_registry(folder, {source_id: rows for source_id, (_, rows) in texts.items()})


def read_publisher(source: Source, folder: Path) -> tuple[str, int]:
    """The text of the seed made from the publisher's files in `folder`, with its number of rows.

    Raises SnapshotError naming the source and file.
    """
    assert source.reader is not None, "a table of the project itself has no reader"
    tables = ("indicator_measure", "small_area_indicator")
    used = pd.concat([pd.read_csv(SEEDS / f"framework/{table}.csv") for table in tables])
    measures = set(used.loc[used["source_id"] == source.source_id, "measure"])
    try:
        return to_csv(source, READERS[source.reader](source, folder, measures))
    except Exception as error:  # a damaged file can fail in any way that its format's library does
        problem = f"no column {error}" if isinstance(error, KeyError) else str(error)
        raise SnapshotError(f"{source.source_id} ({source.files[0].path}): {problem}") from error


def row_floor(rows: int) -> int:
    """The `min_rows` of a source whose seed has this many rows."""
    return int(rows * _ROW_FLOOR)


def to_csv(source: Source, table: pd.DataFrame) -> tuple[str, int]:
    """The table as CSV text in the layout's columns and key order, with its number of rows.

    Dates are ISO 8601. Numbers are the shortest text that reads back as the same number; whole numbers have no point.
    Raises ValueError if a column is missing, a required cell is empty or a key is duplicated.
    """
    columns = source.layout.columns
    lacking = [c.name for c in columns if c.name not in table]
    if lacking:
        raise ValueError(f"the reader returned no column {lacking[0]}")
    table = table[[c.name for c in columns]]
    if source.first_period_end and "period_end_date" in table:
        table = table[table["period_end_date"].astype(str) >= str(source.first_period_end)]
    text = pd.DataFrame(
        {c.name: table[c.name].map(_number if c.type in ("number", "integer") else _text) for c in columns}
    )
    for column in columns:
        if column.required and (text[column.name] == "").any():
            raise ValueError(f"an empty {column.name}: {text[text[column.name] == ''].iloc[0].to_dict()}")
    key = list(source.layout.key)
    if text.duplicated(key).any():
        raise ValueError(f"two rows with the key {text[text.duplicated(key)].iloc[0][key].to_dict()}")
    return text.sort_values(key).to_csv(index=False, lineterminator="\n"), len(text)


def seed_bytes(seed: str, text: str) -> bytes:
    """The bytes of a seed's file. A .gz has no name or time stamp, so the same text gives the same bytes."""
    data = text.encode("utf-8")
    if not seed.endswith(".gz"):
        return data
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0, compresslevel=9) as stream:
        stream.write(data)
    return packed.getvalue()


def put_in_place(texts: Mapping[str, str]) -> None:
    """Replace seeds with new ones once all are written, so that a full disk leaves the old set complete.

    Meanwhile SHA256SUMS holds both the old and the new checksum of each, so that a kill leaves no seed that is refused.
    """
    fresh = {seed: write_beside(SEEDS / seed, seed_bytes(seed, text)) for seed, text in texts.items()}
    old = recorded_sums()
    new = {seed: {sha256(path)} for seed, path in fresh.items()}
    _write_sums({seed: old.get(seed, set()) | new.get(seed, set()) for seed in old.keys() | new.keys()})
    for seed, path in fresh.items():
        path.replace(SEEDS / seed)
    _write_sums({**old, **new})


def _write_sums(sums: Mapping[str, Collection[str]]) -> None:
    replace_file(SEEDS / SEED_SUMS, sums_text(sums))


def write_registry(registry: dict[str, object]) -> None:
    """Write the registry as YAML in one step, always in the same format."""
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # writes the same text, five times as fast
    text = yaml.dump(registry, Dumper=dumper, sort_keys=False, allow_unicode=True, width=110)
    replace_file(SEEDS / "sources.yml", _HEADER + text)


def _update_registry(folder: Path, rows: dict[str, int]) -> None:
    registry = document()
    for item in registry["sources"]:
        if item["source_id"] not in rows:
            continue
        item["min_rows"] = row_floor(rows[item["source_id"]])
        for file in item["files"]:
            path = folder / file["path"]
            file["bytes"], file["sha256"] = path.stat().st_size, sha256(path)
    write_registry(registry)


def _number(value: object) -> str:
    if pd.isna(value):  # type: ignore[call-overload]
        return ""
    number = float(value)  # type: ignore[arg-type]
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def _text(value: object) -> str:
    return "" if pd.isna(value) else str(value)  # type: ignore[call-overload]
