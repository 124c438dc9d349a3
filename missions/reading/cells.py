"""Values as JSON, as text that reads back the same, and as CSV cells that are safe in spreadsheets.

Belongs here: unrounded values, for machines. Wording for people is in wording.py.
"""

import json
import math
from datetime import date
from decimal import Decimal
from typing import Any

from missions.publication.flat_files import safe_in_spreadsheets


def plain(value: Any) -> Any:
    """A value as JSON can hold it: no NaN, decimals as numbers, dates as text."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def as_text(value: Any) -> str:
    """A value as text that reads back the same; empty for NULL."""
    if value is None:
        return ""
    if isinstance(value, bool | dict | list | tuple):
        return json.dumps(plain(value), ensure_ascii=False)
    return str(value)


def as_cell(value: Any) -> str:
    """A value as a CSV cell: the same text, except where a spreadsheet would take it for a formula."""
    return safe_in_spreadsheets(value) if isinstance(value, str) else as_text(value)
