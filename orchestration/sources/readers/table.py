"""What the readers share: numbers as text or missing, and the columns of the layout observation."""

from pathlib import Path

import pandas as pd

# Councils, counties, the joint areas, regions and England; not other nations, parts of regions or travel-to-work areas.
ENGLISH_AREAS = r"E(?:06|07|08|09|10|12|67|92)\d{6}$"


def number(text: pd.Series, path: Path, missing: tuple[str, ...] = ("",)) -> pd.Series:
    """Figures from text; `missing` stand for none. Thousands commas are read, decimal commas refused.

    Raises ValueError naming the file, the row and the value that is no number.
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
    """A table in layout observation; `period` holds pairs of first and last day."""
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
