"""Comparison: what a newer edition of a source would change, against what may change without a person.

Belongs here: two tables in the same layout in, findings out, each with its bound and in plain words. The individual
comparisons are in presence.py and figures.py. Nothing is fetched or written. The bounds come from the registry (Bounds
and a source's `bounds`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import reduce
from io import StringIO
from typing import Any

import pandas as pd

from missions.sources import figures, presence
from missions.sources.finding import Finding
from missions.sources.registry import Source

_KEY = ["area", "measure", "period"]


@dataclass(frozen=True)
class Comparison:
    """What a newer edition changes. It is applied automatically only if every finding is within its bound."""

    source_id: str
    edition: str
    findings: tuple[Finding, ...]
    figures_changed: int
    counts: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_within(self) -> bool:
        return all(finding.is_within for finding in self.findings)

    @property
    def outside(self) -> list[Finding]:
        return [finding for finding in self.findings if not finding.is_within]

    def text(self) -> str:
        """The report for people."""
        verdict = "within its bounds" if self.is_within else "OUT OF BOUNDS: a person must decide"
        lines = [f"{self.source_id}, edition {self.edition}: {verdict}", ""]
        for finding in self.findings:
            lines.append(
                f"{'  ' if finding.is_within else '! '}{finding.what}: {finding.found} (bound: {finding.bound})"
            )
            if not finding.is_within:
                lines.append(f"    To decide: {finding.decide}")
        if not self.is_within:
            lines += [
                "",
                "The current version is kept. If the new edition is right, run "
                f"`missions refresh --accept {self.source_id}`, then `missions build`.",
            ]
        return "\n".join(lines) + "\n"

    def as_dict(self) -> dict[str, Any]:
        """The comparison for programs."""
        return {**asdict(self), "is_within": self.is_within}


def read_seed(text: str) -> pd.DataFrame:
    """A seed's cells as text; an empty cell is an empty string."""
    return pd.read_csv(StringIO(text), dtype=str, keep_default_na=False)


def compare(
    source: Source,
    edition: str,
    old: pd.DataFrame,
    new: pd.DataFrame,
    *,
    columns: Iterable[tuple[str, Sequence[str] | None, Sequence[str] | None]] = (),
    councils: Mapping[str, str] | None = None,
) -> Comparison:
    """Compare two seeds of a source, both read as text.

    `columns` holds, for each publisher's file, its path and the columns of the old and the new edition, if known.
    `councils` maps every area code of a current council or partnership to a name that all its codes share.
    """
    bounds = source.bounds
    old, new = _long(source, old), _long(source, new)
    both = old.merge(new, on=_KEY, suffixes=("_old", "_new"))
    changed = both[~_same(both["value_old"], both["value_new"])]
    findings = [
        *presence.columns(columns),
        *presence.rows(old, new, bounds),
        *presence.areas(old, new, councils or {}),
        *presence.coverage(old, new, councils or {}, bounds),
        *presence.periods(old, new, bounds),
        *figures.scale(old, new, both, bounds),
        *figures.limits(old, new),
        *figures.revisions(both, changed, bounds),
        *figures.moves(old, new, both, bounds),
        *figures.swaps(both, changed),
    ]
    counts = {"rows_old": len(old), "rows_new": len(new), "figures_revised": len(changed)}
    unmatched = len(old) + len(new) - 2 * len(both)
    return Comparison(source.source_id, edition, tuple(findings), len(changed) + unmatched, counts)


def _long(source: Source, table: pd.DataFrame) -> pd.DataFrame:
    """One row per figure: area, measure and period as text, the figure and its limits as numbers."""
    names = [c.name for c in source.layout.columns]
    not_areas = {"measure", "period_start_date", "period_end_date"}
    identity = [name for name in source.layout.key if name not in not_areas]
    blank = pd.Series("", index=table.index)
    parts = []
    numbers = [c.name for c in source.layout.columns if c.type in ("number", "integer") and c.name not in identity]
    for name in ["value"] if "value" in names else numbers:
        start = table.get("period_start_date", blank)
        end = table.get("period_end_date", blank)
        parts.append(
            pd.DataFrame(
                {
                    "area": reduce(lambda first, second: first + " " + second, (table[i] for i in identity)),
                    "measure": table.get("measure", pd.Series(name, index=table.index)),
                    "period": start.where(start == "", start + " to " + end),
                    "end": end,
                    "value": pd.to_numeric(table[name]),
                    "lower": pd.to_numeric(table.get("lower_95", blank)),
                    "upper": pd.to_numeric(table.get("upper_95", blank)),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _same(first: pd.Series, second: pd.Series) -> pd.Series:
    return first.eq(second) | (first.isna() & second.isna())
