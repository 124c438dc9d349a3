"""The comparison of two editions: which changes to each seed are within its bounds, and which are not."""

import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from missions.sources import refresh
from missions.sources.compare import Comparison, compare, read_seed
from missions.sources.load import seed_text
from missions.sources.registry import Bounds, Source, sources
from tests.support.changes import FIRST
from tests.support.publisher import OBESITY, RECYCLING, Table


def compared(source: Source, old: Table, new: Table) -> Comparison:
    return compare(source, "edition", old, new, councils=refresh.present_areas())


def test_a_file_of_the_newest_period_may_roll_on() -> None:
    seed = read_seed(seed_text(sources()[RECYCLING]))
    last = seed["period_end_date"].max()
    old = seed[seed["period_end_date"] == last]
    new = old.assign(period_start_date="2024-04-01", period_end_date="2025-03-31")
    source = sources()[RECYCLING]
    assert [f.what for f in compared(source, old, new).outside] == ["periods lost"]
    rolling = replace(source, bounds=Bounds(may_drop_periods=True))
    assert compared(rolling, old, new).is_within
    assert compared(rolling, old, pd.concat([old, new])).is_within
    # It may not go backwards.
    back = old.assign(period_start_date="2021-04-01", period_end_date="2022-03-31")
    assert "periods lost" in [f.what for f in compared(rolling, old, back).outside]


def observations() -> Iterator[tuple[Source, Table]]:
    for source in sources().values():
        if source.is_comparable and source.group == "observations":
            yield source, read_seed(seed_text(source))


def multiplied(seed: Table, by: pd.Series | float) -> Table:
    """A seed with every figure and its limits multiplied by a factor, rounded as publishers round."""
    names = [c.name for c in sources()[OBESITY].layout.columns if c.name in seed and c.name.startswith(("value", "lo"))]
    names = [name for name in [*names, "upper_95"] if name in seed]
    return seed.assign(**{n: ["" if v != v else f"{v:.6g}" for v in pd.to_numeric(seed[n]) * by] for n in names})


def test_every_seed_is_within_its_bounds_of_itself() -> None:
    for source, seed in observations():
        comparison = compared(source, seed, seed)
        assert comparison.is_within, comparison.text()
        assert comparison.figures_changed == 0


def test_a_usual_next_edition_of_every_seed_is_within_its_bounds() -> None:
    """Old figures revised by up to 3%, a next period of each measure up to 20% higher or lower, two suppressed."""
    rng = np.random.default_rng(7)
    for source, seed in observations():
        revised = multiplied(seed, pd.Series(rng.uniform(0.97, 1.03, len(seed)), index=seed.index))
        ends = pd.to_datetime(seed["period_end_date"])
        last = seed[ends == ends.groupby(seed["measure"]).transform("max")]
        later = multiplied(last, pd.Series(rng.uniform(0.8, 1.2, len(last)), index=last.index))
        for name in ("period_start_date", "period_end_date"):
            later[name] = (pd.to_datetime(later[name]) + pd.DateOffset(years=1)).dt.strftime("%Y-%m-%d")
        later.loc[later.index[[0, -1]], "value"] = ""
        comparison = compared(source, seed, pd.concat([revised, later], ignore_index=True))
        # This table's measures end years apart, so its next periods are never complete.
        known = {"rows for a new period"} if source.source_id == "dfe_local_authority_interactive_tool" else set()
        assert {finding.what for finding in comparison.outside} <= known, comparison.text()


def test_the_newest_editions_that_publishers_made_were_within_their_bounds() -> None:
    """Each seed without its newest period against the whole seed: real changes, gaps and suppressed figures."""
    outside = {}
    for source, seed in observations():
        ends = seed["period_end_date"]
        of_measure = ends.groupby(seed["measure"])
        older = seed[(ends != of_measure.transform("max")) | (ends == of_measure.transform("min"))]
        if found := [finding.what for finding in compared(source, older, seed).outside]:
            outside[source.source_id] = found
    assert outside == {
        # 53 of 283 councils have no newest figure: a person should look.
        "ons_cancer_diagnosis_at_stage_1_and_2": ["areas without a figure in a measure's newest period"],
        "dfe_local_authority_interactive_tool": ["rows for a new period"],
    }


def test_one_measure_does_not_hide_among_others() -> None:
    source = sources()["fingertips_life_expectancy"]
    seed = read_seed(seed_text(source))
    measure = seed["measure"].iloc[0]
    is_one = seed["measure"] == measure
    revised = compared(source, seed, multiplied(seed, is_one.map({True: 1.9, False: 1.001})))
    assert [f.what for f in revised.outside] == ["figures revised"]
    assert f"median change of {measure}: 90.00%" in revised.text()
    # Twenty areas lose one of 23 measures. A single area may, for example when its figure is suppressed.
    crime = sources()["ons_recorded_crime"]
    seed = read_seed(seed_text(crime))
    measure = seed["measure"].iloc[0]
    rows = seed.index[(seed["measure"] == measure) & (seed["value"] != "")]
    found = compared(crime, seed, seed.drop(rows[:20]))
    assert "areas that lost most of a measure's figures" in [f.what for f in found.outside], found.text()
    assert compared(crime, seed, seed.drop(rows[:1])).is_within


def test_a_measure_that_loses_its_newest_period_is_seen() -> None:
    """Another measure still has it, so that no period is lost."""
    source = sources()["fingertips_life_expectancy"]
    seed = read_seed(seed_text(source))
    gone = (seed["measure"] == seed["measure"].iloc[0]) & (seed["period_end_date"] == seed["period_end_date"].max())
    outside = [f.what for f in compared(source, seed, seed[~gone]).outside]
    assert "areas without a figure in a measure's newest period" in outside


def test_a_single_areas_correction_of_an_old_year_is_no_question() -> None:
    seed = read_seed(seed_text(sources()[RECYCLING]))
    old = seed.index[(seed["area_code"] == FIRST) & (seed["period_end_date"] == seed["period_end_date"].min())]
    by = pd.Series(1.0, index=seed.index)
    by.loc[old] = 1.08
    assert compared(sources()[RECYCLING], seed, multiplied(seed, by)).is_within


def test_a_years_usual_revision_is_no_swap() -> None:
    """All figures slightly revised and rounded so that many coincide: chance alone makes no swap."""
    for source_id in (RECYCLING, OBESITY):
        seed = read_seed(seed_text(sources()[source_id]))
        rng = random.Random(7)
        for column in ("value", "lower_95", "upper_95"):
            seed[column] = [v and f"{float(v):.2f}" for v in seed[column]]
        revised = seed.assign(value=[v and f"{float(v) * rng.uniform(0.97, 1.03):.2f}" for v in seed["value"]])
        comparison = compared(sources()[source_id], seed, revised)
        assert not [f.what for f in comparison.outside if "each other" in f.what], comparison.text()


def test_bounds_are_named_rightly() -> None:
    with pytest.raises(ValidationError, match="max_row_ratio"):
        Bounds(**{"max_row_ratio": 2.0})
    own = {source.source_id: source.bounds for source in sources().values() if source.bounds != Bounds()}
    assert all(bounds == Bounds(may_drop_periods=True) for bounds in own.values())
    # They hold one period, which the next one replaces.
    for source_id in own:
        assert read_seed(seed_text(sources()[source_id]))["period_end_date"].nunique() == 1
