"""How an edition's figures compare with those before: scale, limits, revisions, outlying areas and swaps.

Belongs here: how far figures moved. Whether they are present at all belongs in presence.py.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from missions.sources.finding import SAME_AREA, Finding, listed
from missions.sources.registry import Bounds

_MOST_AREAS = 1000  # with more areas than this, pairs are not compared
_FIGURES_OF_A_SWAP = 3  # that must agree to rule out chance, unless hardly anything else changed
# With fewer revised figures a measure's median means little; each area is compared on its own anyway.
_FEW = 5
_SLIGHT = 0.25  # of the interquartile range between areas: smaller moves never count as far, whatever the factor
_STRAY_AREAS = 0.001  # share of all areas that may move on their own: no council, but some small areas


def scale(old: pd.DataFrame, new: pd.DataFrame, both: pd.DataFrame, bounds: Bounds) -> Iterator[Finding]:
    """The unit implied by the figures: the same figures in both editions, and a new period against the last one."""
    ratios, wide = [], False
    stepped, jump = [], False
    for measure in sorted(set(old["measure"]) & set(new["measure"])):
        pairs = both[(both["measure"] == measure) & both["value_old"].ne(0) & both["value_new"].ne(0)]
        ratio = _ratio(pairs["value_old"].median(), pairs["value_new"].median())
        if ratio is not None:
            ratios.append((measure, ratio))
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
        _furthest(ratios) or "no figures in common",
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
            "is this a real change, or has the unit or the definition changed?",
        )


def limits(old: pd.DataFrame, new: pd.DataFrame) -> Iterator[Finding]:
    """Columns that were swapped: figures then fall outside their own confidence limits."""
    before, after = _outside_limits(old), _outside_limits(new)
    if before is None or after is None:
        return
    yield Finding(
        "figures outside their own confidence limits",
        f"{before:.1%} before, {after:.1%} now",
        "no more than before plus 1%",
        after <= before + 0.01,
        "have the columns of the figure and its limits been swapped?",
    )


def _outside_limits(table: pd.DataFrame) -> float | None:
    rows = table.dropna(subset=["value", "lower", "upper"])
    if rows.empty:
        return None
    # Limits may be rounded more coarsely than the figure.
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
    # One measure, or its newest period, must not hide among many figures that hardly changed.
    middles = [("", float(sizes.median()))] if len(sizes) else []
    for measure, rows in comparable.groupby("measure"):
        ends = both["end_old"][(both["measure"] == measure) & both["value_old"].notna() & both["value_new"].notna()]
        for where, group in ((f"of {measure}", rows), (f"of {measure}, newest", rows[rows["end_old"] == ends.max()])):
            if len(group) >= _FEW:
                middles.append((where, float(sizes[group.index].median())))
    where, middle = max(middles, key=lambda item: item[1], default=("", 0.0))
    found = f"{len(revised):,} of {figures:,} ({share:.1%})"
    if len(sizes):
        found += f"; median change {middles[0][1]:.2%}, largest {sizes.max():.2%}"
        if where and middle > bounds.max_median_revision:
            found += f"; median change {where}: {middle:.2%}"
    yield Finding(
        "figures revised",
        found,
        f"at most {bounds.max_revised_share:.0%}; median change at most {bounds.max_median_revision:.0%}, overall, for "
        "each measure and for its newest period in both",
        share <= bounds.max_revised_share and middle <= bounds.max_median_revision,
        "has the publisher announced a revision or a new method of this size? "
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
    """Areas that moved on their own: in revisions of the same figures, and from their last figures to a new period."""
    pairs = both.dropna(subset=["value_old", "value_new"])
    # The index shows the newest figure; older ones only form a trend, which a single year does not change.
    moved = pairs[["area", "measure"]].assign(
        by=_by_itself(pairs, ["measure", "period"]),
        is_newest=pairs["end_old"] == pairs.groupby(["area", "measure"])["end_old"].transform("max"),
    )
    # A slight move counts as none.
    moved["is_far"] = ~moved["by"].between(1 / bounds.max_area_ratio, bounds.max_area_ratio)
    groups = moved.groupby(["area", "measure"])["is_far"]
    counts = (moved["is_newest"] & moved["is_far"]) | (groups.transform("mean") > 0.5)
    yield _strayed(
        "areas revised much more than others",
        moved[counts & moved["is_far"]],
        both["area"].nunique(),
        f"none more than {bounds.max_area_ratio:g} times the usual revision",
        "were the area's figures corrected, or are its rows mixed up?",
    )
    last = old.dropna(subset=["value"])
    last = last[last["end"] == last.groupby("measure")["end"].transform("max")]
    next_ = new.dropna(subset=["value"])
    next_ = next_[next_["end"] == next_.groupby("measure")["end"].transform("max")]
    steps = last.merge(next_, on=["area", "measure"], suffixes=("_old", "_new"))
    # If a measure has had zeros or negative figures before, an area may move to or from them.
    lowest = steps["measure"].map(old.groupby("measure")["value"].min())
    has_factor = (lowest > 0) | (steps[["value_old", "value_new"]].min(axis=1) > 0)
    steps = steps[(steps["end_new"] > steps["end_old"]) & has_factor]
    if len(steps):
        stepped = steps[["area", "measure"]].assign(by=_by_itself(steps, ["measure"]))
        yield _strayed(
            "areas that changed much more than others in a new period",
            stepped[~stepped["by"].between(1 / bounds.max_area_step, bounds.max_area_step)],
            steps["area"].nunique(),
            f"none more than {bounds.max_area_step:g} times the usual change",
            "did the area really change this much, or is the figure wrong?",
        )


def _by_itself(pairs: pd.DataFrame, group: list[str]) -> pd.Series:
    """Each new figure as a multiple of its old one, relative to what is usual in its group; 1 if the move is slight."""
    before, after = pairs["value_old"], pairs["value_new"]
    ratio = (after / before.where(before != 0)).replace([np.inf, -np.inf], np.nan)
    usual = ratio.groupby([pairs[name] for name in group]).transform("median")
    expected = before * usual.where(usual > 0, 1.0)
    spread = before.groupby([pairs[name] for name in group]).transform
    slight = (after - expected).abs() <= _SLIGHT * (spread("quantile", 0.75) - spread("quantile", 0.25))
    # A move from zero, or across it, exceeds any factor.
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
    """Pairs of areas that each have the figures the other had."""
    areas = sorted(set(changed["area"]))
    found = []
    if 1 < len(areas) <= _MOST_AREAS:
        rows = both[both["area"].isin(areas)]
        old = rows.pivot(index="area", columns=["measure", "period"], values="value_old").loc[areas].to_numpy()
        new = rows.pivot(index="area", columns=["measure", "period"], values="value_new").loc[areas].to_numpy()
        hardly_else = len(changed) < 0.05 * len(both)
        for first in range(len(areas)):
            # For every other area at once: where the two differed, have their figures changed places?
            differ = (old[first] != old) & ~np.isnan(old[first]) & ~np.isnan(old)
            crossed = differ & (new[first] == old) & (new == old[first])
            counted = differ.sum(axis=1)
            share = crossed.sum(axis=1) / np.maximum(counted, 1)
            enough = (counted >= _FIGURES_OF_A_SWAP) | ((counted > 0) & hardly_else)
            for second in np.flatnonzero((share >= SAME_AREA) & enough):
                if second > first:
                    found.append(f"{areas[first]} with {areas[second]}")
    yield Finding(
        "areas with each other's figures",
        listed(found) or "none",
        "none",
        not found,
        "were the two rows mixed up, in this edition or in the one before? "
        "Record a lasting error in seeds/framework/correction.csv.",
    )


def _ratio(before: float, after: float) -> float | None:
    return None if pd.isna(before) or pd.isna(after) or before == 0 else float(after) / float(before)


def _furthest(ratios: Sequence[tuple[str, float]]) -> str:
    """The ratio furthest from 1, in words."""
    if not ratios:
        return ""
    what, ratio = max(ratios, key=lambda item: abs(np.log(item[1])) if item[1] > 0 else np.inf)
    return f"{ratio:.3g} times" + (f" ({what})" if len(ratios) > 1 else "")
