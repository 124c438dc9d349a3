"""Changes to a publisher's table that a newer edition might contain."""

from typing import Any

import pandas as pd

from tests.support.publisher import Change, Table

FIRST, SECOND = "E06000001", "E06000002"


def figures(table: Table) -> str:
    return "observation" if "observation" in table else "value"


def codes(table: Table) -> pd.Series:
    return table[table.columns[0]]


def next_period(table: Table) -> Table:
    """Add the newest period again a year later, every figure slightly higher, and revise one old figure."""
    last = table[table["period"] == table["period"].max()]
    number = int(last["period"].iloc[0][:4]) + 1
    text = last["period"].iloc[0]
    later = f"{number}{text[4:]}" if "P" in text else f"{number}/{(number + 1) % 100:02}"
    name = figures(table)
    higher = last[name].map(lambda cell: cell if cell in ("", "NA") else repr(float(cell) * 1.01))
    revised = table.copy()
    is_number = ~revised[name].isin(["", "NA"])
    row = revised.index[is_number][5]
    revised.loc[row, name] = repr(float(str(revised.loc[row, name])) * 1.02)
    return pd.concat([revised, last.assign(**{"period": later, name: higher})], ignore_index=True)


def hundredfold(table: Table) -> Table:
    names = [c for c in (figures(table), "lci_95", "uci_95") if c in table]
    return table.assign(
        **{n: table[n].map(lambda cell: cell if cell in ("", "NA") else repr(float(cell) * 100)) for n in names}
    )


def hundredfold_from_now(table: Table) -> Table:
    """Add a next period in a new unit."""
    longer = next_period(table)
    is_new = longer.index >= len(table)
    return pd.concat([longer[~is_new], hundredfold(longer[is_new])])


def recoded(to: str) -> Change:
    return lambda table: table.assign(**{table.columns[0]: codes(table).replace({FIRST: to})})


def barnsley_renamed(table: Table) -> Table:
    """Swap between the two codes of one council."""
    column = codes(table)
    old, new = "E08000016", "E08000038"
    assert (old in set(column)) != (new in set(column))
    return table.assign(**{table.columns[0]: column.replace({old: new} if old in set(column) else {new: old})})


def rows_swapped(table: Table) -> Table:
    return table.assign(**{table.columns[0]: codes(table).replace({FIRST: SECOND, SECOND: FIRST})})


def names_swapped(table: Table) -> Table:
    """Swap the names of two columns but not their figures."""
    return table.rename(columns={"observation": "lci_95", "lci_95": "observation"})


def columns_moved(table: Table) -> Table:
    return table[[*table.columns[:5][::-1], *table.columns[5:]]]


def half_of_the_councils(table: Table) -> Table:
    return table[~codes(table).str.startswith("E07")]


def times(table: Table, factor: Any) -> Table:
    """Multiply every figure and its limits by a factor, or by one factor per row."""
    names = [c for c in (figures(table), "lci_95", "uci_95") if c in table]
    factors = pd.Series(factor, index=table.index)
    return table.assign(
        **{
            name: [c if c in ("", "NA") else repr(float(c) * by) for c, by in zip(table[name], factors, strict=True)]
            for name in names
        }
    )


def sharply_revised(table: Table) -> Table:
    return times(table, 1.3)


def newest_period_revised(table: Table) -> Table:
    """Nearly double the figures that the index shows, among many older ones that hardly change."""
    return times(table, (table["period"] == table["period"].max()).map({True: 1.9, False: 1.001}))


def one_council_fiftyfold(table: Table) -> Table:
    return times(table, (codes(table) == FIRST).map({True: 50.0, False: 1.0001}))


def one_council_fiftyfold_from_now(table: Table) -> Table:
    longer = next_period(table)
    return times(longer, ((codes(longer) == FIRST) & (longer.index >= len(table))).map({True: 50.0, False: 1.0}))


def five_councils_thinned(table: Table) -> Table:
    """Remove all but their newest rows, so that every code is still present."""
    five = codes(table).isin([f"E0600000{n}" for n in range(1, 6)])
    return table[~five | (table["period"] == table["period"].max())]


def without_a_newest_figure(most: int) -> Change:
    """Add a next period in which `most` councils have no figure."""

    def change(table: Table) -> Table:
        longer = next_period(table)
        with_figure = longer[(longer.index >= len(table)) & ~longer[figures(table)].isin(["", "NA"])]
        chosen = with_figure[codes(with_figure).str.startswith("E07")]
        return longer.drop(chosen.index[:most])

    return change


def far_future(table: Table) -> Table:
    last = table[table["period"] == table["period"].max()]
    return pd.concat([table, last.assign(period=last["period"].str.replace(r"^\d{4}", "2205", regex=True))])


def one_word(table: Table) -> Table:
    changed = table.copy()
    changed.loc[changed.index[3], figures(table)] = "see note"
    return changed


def without_measure(table: Table) -> Table:
    return table.assign(indicator="Adult obesity (new definition)")


def half_emptied(table: Table) -> Table:
    names = [c for c in (figures(table), "lci_95", "uci_95") if c in table]
    changed = table.copy()
    changed.loc[changed.index[::2], names] = ""
    return changed
