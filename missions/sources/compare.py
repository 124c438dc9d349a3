"""Comparison: what a newer edition of a source would change, set against what it may change by itself.

Belongs here: two tables in the same layout in, findings out, each with its bound and in plain words. Nothing is fetched
and nothing is written. The bounds are the registry's (Bounds and a source's `bounds`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import reduce
from io import StringIO

import numpy as np
import pandas as pd

from missions.sources.registry import Bounds, Source

_MOST_AREAS = 1000  # above this areas are not compared each with each
_FIGURES_OF_A_SWAP = 3  # that must agree before it cannot be chance, unless hardly anything else changed
_SAME_AREA = 0.8  # of the figures that differ, so many must agree
_FEW = (
    5  # fewer revised figures of a measure have no middle worth a bound; each area's own figures are looked at anyway
)
_SLIGHT = 0.25  # of the spread between areas (quartiles): less moves no area far, whatever factor it is
_STRAY_AREAS = 0.001  # of all areas, so many may move by themselves: none of the councils, some of the small areas


@dataclass(frozen=True)
class Finding:
    """One thing that was compared. `decide` is what a person should find out where it is out of bounds."""

    what: str
    found: str
    bound: str
    is_within: bool
    decide: str = ""


@dataclass(frozen=True)
class Comparison:
    """What a newer edition changes. It counts by itself only if every finding is within its bound."""

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
        """The report that a person reads."""
        verdict = "within its bounds" if self.is_within else "OUT OF ITS BOUNDS: a person must decide"
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
                "The edition in use stays. If the new one is right: "
                f"`missions refresh --accept {self.source_id}`, then `missions build`.",
            ]
        return "\n".join(lines) + "\n"

    def json(self) -> str:
        return json.dumps({**asdict(self), "is_within": self.is_within}, indent=2, ensure_ascii=False) + "\n"


def read_seed(text: str) -> pd.DataFrame:
    """A seed's cells as text; an empty cell is an empty text."""
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
    """Compare two seeds of a source as text tables.

    `columns` are, for each publisher's file, its path and the columns of the old and new edition where known.
    `councils` gives for each area code of a present council or partnership a name that all its codes share.
    """
    bounds = source.bounds
    old, new = _long(source, old), _long(source, new)
    both = old.merge(new, on=_KEY, suffixes=("_old", "_new"))
    changed = both[~_same(both["value_old"], both["value_new"])]
    findings = [
        *_columns(columns),
        *_rows(old, new, bounds),
        *_areas(old, new, councils or {}),
        *_coverage(old, new, councils or {}, bounds),
        *_periods(old, new, bounds),
        *_scale(old, new, both, bounds),
        *_limits(old, new),
        *_revisions(both, changed, bounds),
        *_moves(old, new, both, bounds),
        *_swaps(both, changed),
    ]
    counts = {"rows_old": len(old), "rows_new": len(new), "figures_revised": len(changed)}
    unmatched = len(old) + len(new) - 2 * len(both)
    return Comparison(source.source_id, edition, tuple(findings), len(changed) + unmatched, counts)


_KEY = ["area", "measure", "period"]


def _long(source: Source, table: pd.DataFrame) -> pd.DataFrame:
    """One row a figure: area, measure and period as texts, and the figure with its limits as numbers."""
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


def _columns(columns: Iterable[tuple[str, Sequence[str] | None, Sequence[str] | None]]) -> Iterator[Finding]:
    for path, old, new in columns:
        if new is None:
            continue
        if old is None:
            yield Finding(f"columns of {path}", "not compared, as the file in use never landed here", "none", True)
            continue
        lost, gained = [c for c in old if c not in new], [c for c in new if c not in old]
        found = [f"without {_listed(lost)}"] if lost else []
        found += [f"with {_listed(gained)}"] if gained else []
        if not found and list(old) != list(new):
            found = ["the same in another order, which the reader does not mind"]
        yield Finding(
            f"columns of {path}",
            ", ".join(found) or "the same",
            "none is lost",
            not lost,
            "is a column only named anew, and does the publisher still mean the same by it?",
        )


def _rows(old: pd.DataFrame, new: pd.DataFrame, bounds: Bounds) -> Iterator[Finding]:
    shared = set(old["period"]) & set(new["period"])
    if shared:
        before, after = int(old["period"].isin(shared).sum()), int(new["period"].isin(shared).sum())
        yield Finding(
            "rows of the periods in both",
            f"{before:,} before, {after:,} now",
            f"{bounds.min_rows_ratio:g} to {bounds.max_rows_ratio:g} times",
            bounds.min_rows_ratio <= after / before <= bounds.max_rows_ratio,
            "is the file whole, and does it hold the same groups of people and areas?",
        )
    last = old["period"][old["end"] == old["end"].max()]
    usual = int(last.value_counts().max())
    unusual = {}
    for period, rows in new["period"][~new["period"].isin(shared)].value_counts().items():
        if not bounds.min_new_period_rows_ratio <= rows / usual <= bounds.max_new_period_rows_ratio:
            unusual[str(period)] = int(rows)
    gained = sorted(set(new["period"]) - shared)
    if gained:
        yield Finding(
            "rows of a new period",
            f"{usual:,} in the newest period before; "
            + (", ".join(f"{n:,} in {p}" for p, n in unusual.items()) if unusual else "about as many in each new one"),
            f"{bounds.min_new_period_rows_ratio:g} to {bounds.max_new_period_rows_ratio:g} times",
            not unusual,
            "is the new period published in full?",
        )


def _areas(old: pd.DataFrame, new: pd.DataFrame, councils: Mapping[str, str]) -> Iterator[Finding]:
    codes_old, codes_new = _codes(old), _codes(new)
    lost, gained = sorted(codes_old - codes_new), sorted(codes_new - codes_old)
    still = {councils[code] for code in codes_new if code in councils}
    missed = [code for code in lost if code in councils and councils[code] not in still]
    yield Finding(
        "area codes lost",
        _listed(lost) or "none",
        "none of a present council or partnership",
        not missed,
        f"{_listed(missed)} had figures: have they another code now{_likely(old, new, missed, gained)}, "
        "or are they no longer published?",
    )
    yield Finding("area codes gained", _listed(gained) or "none", "any that seeds/geography/area.csv lists", True)


def _likely(old: pd.DataFrame, new: pd.DataFrame, missed: Sequence[str], gained: Sequence[str]) -> str:
    """The gained code under which most of a lost one's figures stand, in words."""
    for code in missed:
        was = old[old["area"] == code].set_index(["measure", "period"])["value"].dropna()
        for candidate in gained:
            now = new[new["area"] == candidate].set_index(["measure", "period"])["value"]
            if len(was) and (now.reindex(was.index) == was).mean() >= _SAME_AREA:
                return f" ({candidate} has the figures that {code} had)"
    return ""


def _coverage(old: pd.DataFrame, new: pd.DataFrame, councils: Mapping[str, str], bounds: Bounds) -> Iterator[Finding]:
    """Which areas still have figures of each measure: over the periods in both, and in the newest one."""
    before, after = _with_figures(old, councils), _with_figures(new, councils)
    shared = set(old["period"]) & set(new["period"])
    thinned, hollow = [], []
    for measure, had in before.groupby("measure"):
        has = after[after["measure"] == measure]
        counted = had[had["period"].isin(shared)].groupby("area").size()
        left = has[has["period"].isin(shared)].groupby("area").size().reindex(counted.index, fill_value=0)
        thinned.append((str(measure), list(counted.index[left < counted / 2]), len(counted)))
        newest = had["end"].max()
        had_newest = set(had["area"][had["end"] == newest])
        # A measure that ends earlier than before has lost its newest figures of all areas.
        has_newest = set(has["area"][has["end"] == max(newest, has["end"].max())]) if len(has) else set()
        hollow.append((str(measure), sorted(had_newest - has_newest), len(had_newest)))
    yield _lost(
        "areas that lost most of a measure's figures",
        thinned,
        bounds.max_thinned_areas_share,
        "are they still published, under these codes and in this table?",
    )
    yield _lost(
        "areas without a figure in a measure's newest period",
        hollow,
        bounds.max_newest_lost_share,
        "is the newest period published in full, and are so many figures suppressed?",
    )


def _lost(what: str, lost: Sequence[tuple[str, Sequence[str], int]], most: float, decide: str) -> Finding:
    """The measure that lost the largest share of its areas, against the share that it may lose."""
    measure, areas, of = max(lost, key=lambda item: len(item[1]) / max(item[2], 1), default=("", [], 0))
    named = f" of {measure}" if len(lost) > 1 else ""
    found = f"{len(areas)} of {of:,}{named} ({_listed(areas)})" if areas else "none"
    return Finding(what, found, f"at most {most:.0%} of a measure's areas", len(areas) <= most * of, decide)


def _with_figures(table: pd.DataFrame, councils: Mapping[str, str]) -> pd.DataFrame:
    """The rows that hold a figure, of present councils under the name that all codes share, or of all small areas."""
    names = {area: " ".join(councils.get(code, code) for code in area.split(" ")) for area in table["area"].unique()}
    present = {area for area in names if any(code in councils for code in area.split(" "))}
    rows = table[table["value"].notna() & (table["area"].isin(present) if present else True)]
    return rows.assign(area=rows["area"].map(names))


def _periods(old: pd.DataFrame, new: pd.DataFrame, bounds: Bounds) -> Iterator[Finding]:
    lost, gained = set(old["period"]) - set(new["period"]), set(new["period"]) - set(old["period"])
    ends = new[["period", "end"]].drop_duplicates()
    newest = old["end"].max()
    # A file of the newest periods only may lose its oldest, but not go backwards nor shrink.
    rolled = new["period"].nunique() >= old["period"].nunique() and bool((ends["end"] >= newest).any())
    if old["end"].eq("").all():
        return
    yield Finding(
        "periods lost",
        _listed(sorted(lost)) or "none",
        "the oldest may go, none without another for it" if bounds.may_drop_periods else "none",
        not lost or (bounds.may_drop_periods and rolled),
        "does the publisher no longer give these periods, or does it date them otherwise?",
    )
    yield Finding("periods gained", _listed(sorted(gained)) or "none", "any that a load accepts", True)


def _scale(old: pd.DataFrame, new: pd.DataFrame, both: pd.DataFrame, bounds: Bounds) -> Iterator[Finding]:
    """The unit as the figures show it: the same ones in both editions, and a new period's against the newest before."""
    told, wide = [], False
    stepped, jump = [], False
    for measure in sorted(set(old["measure"]) & set(new["measure"])):
        pairs = both[(both["measure"] == measure) & both["value_old"].ne(0) & both["value_new"].ne(0)]
        ratio = _ratio(pairs["value_old"].median(), pairs["value_new"].median())
        if ratio is not None:
            told.append((measure, ratio))
            wide |= not bounds.min_scale_ratio <= ratio <= bounds.max_scale_ratio
        before, after = old[old["measure"] == measure], new[new["measure"] == measure]
        before = before[before["end"] == before["end"].max()]
        for period, rows in after[after["end"] > before["end"].max()].groupby("period"):
            step = _ratio(before["value"].median(), rows["value"].median())
            if step is not None:
                stepped.append((f"{measure} in {period}", step))
                jump |= not bounds.min_step_ratio <= step <= bounds.max_step_ratio
    yield Finding(
        "scale of the same figures",
        _furthest(told) or "no figures in common",
        f"{bounds.min_scale_ratio:g} to {bounds.max_scale_ratio:g} times",
        not wide,
        "has the unit changed (per 100 or per 1,000, pounds or thousands of pounds, a share or a percentage)?",
    )
    if stepped:
        yield Finding(
            "scale of a new period",
            _furthest(stepped),
            f"{bounds.min_step_ratio:g} to {bounds.max_step_ratio:g} times the newest period before",
            not jump,
            "did the world change so much in a year, or the unit or the definition?",
        )


def _limits(old: pd.DataFrame, new: pd.DataFrame) -> Iterator[Finding]:
    """Columns that changed places: a figure then stands outside its own confidence limits."""
    before, after = _outside_limits(old), _outside_limits(new)
    if before is None or after is None:
        return
    yield Finding(
        "figures outside their own confidence limits",
        f"{before:.1%} before, {after:.1%} now",
        "no more than before and 1 %",
        after <= before + 0.01,
        "have the columns of the figure and of its limits changed places?",
    )


def _outside_limits(table: pd.DataFrame) -> float | None:
    rows = table.dropna(subset=["value", "lower", "upper"])
    if rows.empty:
        return None
    # Limits may be rounded more than the figure.
    slack = 0.01 * rows["value"].abs() + 1e-9
    outside = (rows["value"] < rows["lower"] - slack) | (rows["value"] > rows["upper"] + slack)
    return float(outside.mean())


def _revisions(both: pd.DataFrame, changed: pd.DataFrame, bounds: Bounds) -> Iterator[Finding]:
    figures = int(both["value_old"].notna().sum())
    if not figures:
        return
    emptied = int((changed["value_new"].isna() & changed["value_old"].notna()).sum())
    revised = changed.dropna(subset=["value_old", "value_new"])
    share = len(revised) / figures
    comparable = revised[revised["value_old"] != 0]
    sizes: pd.Series = ((comparable["value_new"] - comparable["value_old"]) / comparable["value_old"]).abs()
    # A measure or a newest period must not hide among many figures that hardly changed.
    middles = [("", float(sizes.median()))] if len(sizes) else []
    for measure, rows in comparable.groupby("measure"):
        ends = both["end_old"][(both["measure"] == measure) & both["value_old"].notna() & both["value_new"].notna()]
        for where, group in ((f"of {measure}", rows), (f"of {measure}, newest", rows[rows["end_old"] == ends.max()])):
            if len(group) >= _FEW:
                middles.append((where, float(sizes[group.index].median())))
    where, middle = max(middles, key=lambda item: item[1], default=("", 0.0))
    found = f"{len(revised):,} of {figures:,} ({share:.1%})"
    if len(sizes):
        found += f", by {middles[0][1]:.2%} in the middle and {sizes.max():.2%} at most"
        if where and middle > bounds.max_median_revision:
            found += f"; those {where} by {middle:.2%} in the middle"
    yield Finding(
        "figures revised",
        found,
        f"at most {bounds.max_revised_share:.0%}, by {bounds.max_median_revision:.0%} in the middle, "
        "of each measure and of its newest period in both",
        share <= bounds.max_revised_share and middle <= bounds.max_median_revision,
        "does the publisher announce a revision or a new method of this size? "
        "A new method may need a row in seeds/framework/series_break.csv.",
    )
    yield Finding(
        "figures emptied",
        f"{emptied:,} of {figures:,}",
        f"at most {bounds.max_emptied_share:.0%}",
        emptied / figures <= bounds.max_emptied_share,
        "did the publisher withdraw or suppress them?",
    )


def _moves(old: pd.DataFrame, new: pd.DataFrame, both: pd.DataFrame, bounds: Bounds) -> Iterator[Finding]:
    """Areas whose figures moved by themselves: the same figures revised, and a new period's against their last ones."""
    pairs = both.dropna(subset=["value_old", "value_new"])
    # What the index shows is the newest figure; of the older ones a trend, which a single year does not turn.
    moved = pairs[["area", "measure"]].assign(
        by=_by_itself(pairs, ["measure", "period"]),
        is_newest=pairs["end_old"] == pairs.groupby(["area", "measure"])["end_old"].transform("max"),
    )
    # A move of no weight counts as none.
    moved["is_far"] = ~moved["by"].between(1 / bounds.max_area_ratio, bounds.max_area_ratio)
    groups = moved.groupby(["area", "measure"])["is_far"]
    counts = (moved["is_newest"] & moved["is_far"]) | (groups.transform("mean") > 0.5)
    yield _strayed(
        "areas whose figures were revised by themselves",
        moved[counts & moved["is_far"]],
        both["area"].nunique(),
        f"none by more than {bounds.max_area_ratio:g} times as the others",
        "were the area's figures corrected, or is something mixed up in its rows?",
    )
    last = old.dropna(subset=["value"])
    last = last[last["end"] == last.groupby("measure")["end"].transform("max")]
    next_ = new.dropna(subset=["value"])
    next_ = next_[next_["end"] == next_.groupby("measure")["end"].transform("max")]
    steps = last.merge(next_, on=["area", "measure"], suffixes=("_old", "_new"))
    # Where others had nothing or less before, an area may come to that or from it.
    lowest = steps["measure"].map(old.groupby("measure")["value"].min())
    has_factor = (lowest > 0) | (steps[["value_old", "value_new"]].min(axis=1) > 0)
    steps = steps[(steps["end_new"] > steps["end_old"]) & has_factor]
    if len(steps):
        stepped = steps[["area", "measure"]].assign(by=_by_itself(steps, ["measure"]))
        yield _strayed(
            "areas that stepped by themselves into a new period",
            stepped[~stepped["by"].between(1 / bounds.max_area_step, bounds.max_area_step)],
            steps["area"].nunique(),
            f"none by more than {bounds.max_area_step:g} times as the others",
            "did the area change so much since the period before, or is the figure wrong?",
        )


def _by_itself(pairs: pd.DataFrame, group: list[str]) -> pd.Series:
    """How many times its old figure each new one is, over what is usual in its group; 1 where the move is slight."""
    before, after = pairs["value_old"], pairs["value_new"]
    ratio = (after / before.where(before != 0)).replace([np.inf, -np.inf], np.nan)
    usual = ratio.groupby([pairs[name] for name in group]).transform("median")
    expected = before * usual.where(usual > 0, 1.0)
    spread = before.groupby([pairs[name] for name in group]).transform
    slight = (after - expected).abs() <= _SLIGHT * (spread("quantile", 0.75) - spread("quantile", 0.25))
    # From nothing, or to the other side of it, is further than any factor.
    times = (after / expected.where(expected != 0)).fillna(np.inf)
    return times.mask(slight | (after == before), 1.0)


def _strayed(what: str, strayed: pd.DataFrame, areas: int, bound: str, decide: str) -> Finding:
    named = sorted(set(strayed["area"]))
    found = _listed(named) or "none"
    if named:
        names = strayed["area"] + ", " + strayed["measure"]
        furthest = list(zip(names.tolist(), strayed["by"].tolist(), strict=True))
        found += f"; by {_furthest([*furthest, ('', 1.0)])}"
    most = int(_STRAY_AREAS * areas)
    allowed = f" (but {most} in all)" if most else ""
    return Finding(what, found, bound + allowed, len(named) <= most, decide)


def _swaps(both: pd.DataFrame, changed: pd.DataFrame) -> Iterator[Finding]:
    """Areas that each have the figures that the other had."""
    areas = sorted(set(changed["area"]))
    found = []
    if 1 < len(areas) <= _MOST_AREAS:
        rows = both[both["area"].isin(areas)]
        old = rows.pivot(index="area", columns=["measure", "period"], values="value_old").loc[areas].to_numpy()
        new = rows.pivot(index="area", columns=["measure", "period"], values="value_new").loc[areas].to_numpy()
        hardly_else = len(changed) < 0.05 * len(both)
        for first in range(len(areas)):
            # For every other area at once: where the two differed, do the figures stand crosswise now?
            differ = (old[first] != old) & ~np.isnan(old[first]) & ~np.isnan(old)
            crossed = differ & (new[first] == old) & (new == old[first])
            counted = differ.sum(axis=1)
            share = crossed.sum(axis=1) / np.maximum(counted, 1)
            enough = (counted >= _FIGURES_OF_A_SWAP) | ((counted > 0) & hardly_else)
            for second in np.flatnonzero((share >= _SAME_AREA) & enough):
                if second > first:
                    found.append(f"{areas[first]} with {areas[second]}")
    yield Finding(
        "areas that have each other's figures",
        _listed(found) or "none",
        "none",
        not found,
        "were the rows of the two mixed up, in this edition or in the one before? "
        "seeds/framework/correction.csv is the place for an error that stays.",
    )


def _codes(table: pd.DataFrame) -> set[str]:
    """Each code by itself: the area of a partnership is named by several."""
    return {code for area in table["area"].unique() for code in [area.split(" ")[0], *area.split(" ")[1:2]] if code}


def _same(first: pd.Series, second: pd.Series) -> pd.Series:
    return first.eq(second) | (first.isna() & second.isna())


def _ratio(before: float, after: float) -> float | None:
    return None if pd.isna(before) or pd.isna(after) or before == 0 else float(after) / float(before)


def _furthest(ratios: Sequence[tuple[str, float]]) -> str:
    """The ratio that is furthest from 1, of several."""
    if not ratios:
        return ""
    what, ratio = max(ratios, key=lambda item: abs(np.log(item[1])) if item[1] > 0 else np.inf)
    return f"{ratio:.3g} times" + (f" ({what})" if len(ratios) > 1 else "")


def _listed(names: Sequence[str], most: int = 8) -> str:
    rest = len(names) - most
    return ", ".join(map(str, names[:most])) + (f" and {rest} more" if rest > 0 else "")
