"""What an edition's figures say against those before: their scale, their limits, revisions, strays and swaps.

Belongs here: how far figures moved. Whether they are there at all is for presence.py.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from missions.sources.finding import SAME_AREA, Finding, listed
from missions.sources.registry import Bounds

_MOST_AREAS = 1000  # above this areas are not compared each with each
_FIGURES_OF_A_SWAP = 3  # that must agree before it cannot be chance, unless hardly anything else changed
# Fewer revised figures of a measure have no middle worth a bound; each area's own figures are looked at anyway.
_FEW = 5
_SLIGHT = 0.25  # of the spread between areas (quartiles): less moves no area far, whatever factor it is
_STRAY_AREAS = 0.001  # of all areas, so many may move by themselves: none of the councils, some of the small areas


def scale(old: pd.DataFrame, new: pd.DataFrame, both: pd.DataFrame, bounds: Bounds) -> Iterator[Finding]:
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


def limits(old: pd.DataFrame, new: pd.DataFrame) -> Iterator[Finding]:
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


def revisions(both: pd.DataFrame, changed: pd.DataFrame, bounds: Bounds) -> Iterator[Finding]:
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


def moves(old: pd.DataFrame, new: pd.DataFrame, both: pd.DataFrame, bounds: Bounds) -> Iterator[Finding]:
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
    found = listed(named) or "none"
    if named:
        names = strayed["area"] + ", " + strayed["measure"]
        furthest = list(zip(names.tolist(), strayed["by"].tolist(), strict=True))
        found += f"; by {_furthest([*furthest, ('', 1.0)])}"
    most = int(_STRAY_AREAS * areas)
    allowed = f" (but {most} in all)" if most else ""
    return Finding(what, found, bound + allowed, len(named) <= most, decide)


def swaps(both: pd.DataFrame, changed: pd.DataFrame) -> Iterator[Finding]:
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
            for second in np.flatnonzero((share >= SAME_AREA) & enough):
                if second > first:
                    found.append(f"{areas[first]} with {areas[second]}")
    yield Finding(
        "areas that have each other's figures",
        listed(found) or "none",
        "none",
        not found,
        "were the rows of the two mixed up, in this edition or in the one before? "
        "seeds/framework/correction.csv is the place for an error that stays.",
    )


def _ratio(before: float, after: float) -> float | None:
    return None if pd.isna(before) or pd.isna(after) or before == 0 else float(after) / float(before)


def _furthest(ratios: Sequence[tuple[str, float]]) -> str:
    """The ratio that is furthest from 1, of several."""
    if not ratios:
        return ""
    what, ratio = max(ratios, key=lambda item: abs(np.log(item[1])) if item[1] > 0 else np.inf)
    return f"{ratio:.3g} times" + (f" ({what})" if len(ratios) > 1 else "")
