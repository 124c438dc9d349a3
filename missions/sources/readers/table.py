"""What the readers share: opening files safely, numbers from text, and the columns of the layout observation."""

import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow
import pyarrow.parquet

# Councils, counties, joint areas, regions and England; not other nations, parts of regions or travel-to-work areas.
ENGLISH_AREAS = r"E(?:06|07|08|09|10|12|67|92)\d{6}$"


_LARGEST_WORKBOOK = 500_000_000  # bytes, unpacked
_LARGEST_PARQUET = 2_000_000_000  # bytes, unpacked
_MOST_CELLS = 200_000_000  # in a Parquet file, where repeated values take up almost no bytes
_LARGEST_RATIO = 200  # a workbook's unpacked size over its file size; under 20 in real workbooks
_MOST_PARTS = 10_000
_BLOCK = 1 << 16


def workbook(path: Path, **options: Any) -> pd.DataFrame:
    """One sheet of an Excel workbook, after a check that the file does not unpack to an implausible size.

    Raises ValueError if it does or is not a workbook.
    """
    check_packed(path)
    return pd.read_excel(path, engine="calamine", **options)


def parquet(path: Path) -> pd.DataFrame:
    """A Parquet file, after a check that its stated size is plausible for a publisher's table.

    Raises ValueError if it is not, or if the file is not Parquet.
    """
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            about = file.metadata
            size = sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
            cells = about.num_rows * about.num_columns
    except (pyarrow.ArrowException, OSError) as error:
        raise ValueError(f"{path.name} is not a complete Parquet file ({error})") from error
    if size > _LARGEST_PARQUET or cells > _MOST_CELLS:
        raise ValueError(
            f"{path.name} unpacks to {size:,} bytes and {cells:,} cells; at most {_LARGEST_PARQUET:,} and "
            f"{_MOST_CELLS:,} are allowed"
        )
    return pd.read_parquet(path)


def check_packed(path: Path) -> None:
    """Unpack a zip file without storing it and count the bytes, because its stated sizes may be wrong.

    Raises ValueError if it is too large or damaged.
    """
    packed = path.stat().st_size
    most = min(_LARGEST_WORKBOOK, max(packed * _LARGEST_RATIO, 1_000_000))
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as stream:
            parts = archive.infolist()
            if len(parts) > _MOST_PARTS:
                raise ValueError(f"{path.name} has {len(parts):,} parts; expected at most {_MOST_PARTS:,}")
            left = most
            for part in parts:
                stream.seek(part.header_offset + 26)  # the lengths of the name and of the extra field before the data
                stream.seek(sum(struct.unpack("<HH", stream.read(4))), 1)
                left -= _unpacked(stream.read(part.compress_size), part.compress_type, left)
                if left < 0:
                    raise ValueError(
                        f"{path.name} unpacks to more than {most:,} bytes from {packed:,}, which no workbook does"
                    )
    except (zipfile.BadZipFile, OSError, struct.error, zlib.error) as error:
        raise ValueError(f"{path.name} is not a complete workbook ({error})") from error


def _unpacked(data: bytes, method: int, most: int) -> int:
    """How many bytes a part of a zip file unpacks to; counting stops just above `most`."""
    if method == zipfile.ZIP_STORED:
        return len(data)
    if method != zipfile.ZIP_DEFLATED:
        raise zipfile.BadZipFile(f"a compression method that Excel does not use: {method}")
    unpacker, count = zlib.decompressobj(-zlib.MAX_WBITS), 0
    while not unpacker.eof and count <= most:
        block = unpacker.decompress(data, _BLOCK)
        data = unpacker.unconsumed_tail
        if not block and not data:
            break
        count += len(block)
    return count


def number(text: pd.Series, path: Path, missing: tuple[str, ...] = ("",)) -> pd.Series:
    """Numbers from text; `missing` lists the texts for no figure. Thousands commas are allowed, decimal commas are not.

    Raises ValueError naming the file, the row and the value that is not a number.
    """
    stripped = text.str.strip()
    plain = stripped.where(~stripped.str.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?"), stripped.str.replace(",", ""))
    values = pd.to_numeric(plain.mask(stripped.isin(missing)), errors="coerce")
    wrong = values.isna() & ~stripped.isin(missing)
    if wrong.any():
        place = int(wrong.to_numpy().argmax())
        raise ValueError(f"{path.name}, data row {place + 1}: {text.iloc[place]!r} is not a number")
    return values


def observations(
    *,
    area_code: pd.Series,
    measure: pd.Series | str,
    period: pd.Series,
    value: pd.Series,
    lower_95: pd.Series | None = None,
    upper_95: pd.Series | None = None,
    marker: pd.Series | None = None,
) -> pd.DataFrame:
    """A table in layout observation; `period` contains pairs of first and last day."""
    return pd.DataFrame(
        {
            "area_code": area_code,
            "measure": measure,
            "period_start_date": period.map(lambda pair: pair[0]),
            "period_end_date": period.map(lambda pair: pair[1]),
            "value": value,
            "lower_95": lower_95,
            "upper_95": upper_95,
            "marker": marker,
        }
    )
