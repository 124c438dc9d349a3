"""What an edition contains compared with the one before: columns, rows, areas, periods, and areas with figures.

Belongs here: what is present and what is missing. What the figures say belongs in figures.py.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pandas as pd

from missions.sources.finding import SAME_AREA, Finding, listed
from missions.sources.registry import Bounds


def columns(columns: Iterable[tuple[str, Sequence[str] | None, Sequence[str] | None]]) -> Iterator[Finding]:
    for path, old, new in columns:
        if new is None:
            continue
        if old is None:
            yield Finding(f"columns of {path}", "not compared: the current file never landed here", "none", True)
            continue
        lost, gained = [c for c in old if c not in new], [c for c in new if c not in old]
        found = [f"without {listed(lost)}"] if lost else []
        found += [f"with {listed(gained)}"] if gained else []
        if not found and list(old) != list(new):
            found = ["the same in a different order, which does not matter to the reader"]
        yield Finding(
            f"columns of {path}",
            ", ".join(found) or "the same",
            "none lost",
            not lost,
            "has a column only been renamed, and does it still mean the same?",
        )


def rows(old: pd.DataFrame, new: pd.DataFrame, bounds: Bounds) -> Iterator[Finding]:
    shared = set(old["period"]) & set(new["period"])
    if shared:
        before, after = int(old["period"].isin(shared).sum()), int(new["period"].isin(shared).sum())
        yield Finding(
            "rows for the periods in both",
            f"{before:,} before, {after:,} now",
            f"{bounds.min_rows_ratio:g} to {bounds.max_rows_ratio:g} times",
            bounds.min_rows_ratio <= after / before <= bounds.max_rows_ratio,
            "is the file complete, and does it cover the same groups of people and areas?",
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
            "rows for a new period",
            f"{usual:,} in the newest period before; "
            + (", ".join(f"{n:,} in {p}" for p, n in unusual.items()) if unusual else "about as many in the new"),
            f"{bounds.min_new_period_rows_ratio:g} to {bounds.max_new_period_rows_ratio:g} times",
            not unusual,
            "is the new period published in full?",
        )


def areas(old: pd.DataFrame, new: pd.DataFrame, councils: Mapping[str, str]) -> Iterator[Finding]:
    codes_old, codes_new = _codes(old), _codes(new)
    lost, gained = sorted(codes_old - codes_new), sorted(codes_new - codes_old)
    still = {councils[code] for code in codes_new if code in councils}
    missed = [code for code in lost if code in councils and councils[code] not in still]
    yield Finding(
        "area codes lost",
        listed(lost) or "none",
        "none of a current council or partnership",
        not missed,
        f"{listed(missed)} had figures: do they have a new code{_likely(old, new, missed, gained)}, "
        "or are they no longer published?",
    )
    yield Finding("area codes gained", listed(gained) or "none", "any that seeds/geography/area.csv lists", True)


def _likely(old: pd.DataFrame, new: pd.DataFrame, missed: Sequence[str], gained: Sequence[str]) -> str:
    """The new code that carries most of a lost code's figures, in words."""
    for code in missed:
        was = old[old["area"] == code].set_index(["measure", "period"])["value"].dropna()
        for candidate in gained:
            now = new[new["area"] == candidate].set_index(["measure", "period"])["value"]
            if len(was) and (now.reindex(was.index) == was).mean() >= SAME_AREA:
                return f" ({candidate} has the figures that {code} had)"
    return ""


def coverage(old: pd.DataFrame, new: pd.DataFrame, councils: Mapping[str, str], bounds: Bounds) -> Iterator[Finding]:
    """Which areas still have figures for each measure, across the periods in both and in the newest period."""
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
        # A measure that ends earlier than before has lost the newest figures of all its areas.
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
        "is the newest period published in full, or are this many figures suppressed?",
    )


def _lost(what: str, lost: Sequence[tuple[str, Sequence[str], int]], most: float, decide: str) -> Finding:
    """The measure that lost the largest share of its areas, against the share it may lose."""
    measure, areas, of = max(lost, key=lambda item: len(item[1]) / max(item[2], 1), default=("", [], 0))
    named = f" of {measure}" if len(lost) > 1 else ""
    found = f"{len(areas)} of {of:,}{named} ({listed(areas)})" if areas else "none"
    return Finding(what, found, f"at most {most:.0%} of a measure's areas", len(areas) <= most * of, decide)


def _with_figures(table: pd.DataFrame, councils: Mapping[str, str]) -> pd.DataFrame:
    """The rows with a figure, for current councils under the name their codes share, or for all small areas."""
    names = {area: " ".join(councils.get(code, code) for code in area.split(" ")) for area in table["area"].unique()}
    present = {area for area in names if any(code in councils for code in area.split(" "))}
    rows = table[table["value"].notna() & (table["area"].isin(present) if present else True)]
    return rows.assign(area=rows["area"].map(names))


def periods(old: pd.DataFrame, new: pd.DataFrame, bounds: Bounds) -> Iterator[Finding]:
    lost, gained = set(old["period"]) - set(new["period"]), set(new["period"]) - set(old["period"])
    ends = new[["period", "end"]].drop_duplicates()
    newest = old["end"].max()
    # A file of only the newest periods may lose its oldest, but may not go backwards or shrink.
    rolled = new["period"].nunique() >= old["period"].nunique() and bool((ends["end"] >= newest).any())
    if old["end"].eq("").all():
        return
    yield Finding(
        "periods lost",
        listed(sorted(lost)) or "none",
        "the oldest may go if a newer one replaces it" if bounds.may_drop_periods else "none",
        not lost or (bounds.may_drop_periods and rolled),
        "are these periods no longer published, or are they dated differently?",
    )
    yield Finding("periods gained", listed(sorted(gained)) or "none", "any that a load accepts", True)


def _codes(table: pd.DataFrame) -> set[str]:
    """Each code separately: a partnership's area is named by several codes."""
    return {code for area in table["area"].unique() for code in [area.split(" ")[0], *area.split(" ")[1:2]] if code}
