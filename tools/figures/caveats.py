"""The blocks of docs/caveats.md."""

from tools.figures.book import ROOT, Book, block
from tools.figures.formats import tenths


@block
def energy_conversion(book: Book) -> str:
    """The multiplier of a rate published in thousands of tonnes."""
    multiplier = book.one(
        "SELECT rate_multiplier FROM read_csv($1) WHERE indicator_id = 'home_fossil_fuel_use'",
        str(ROOT / "seeds/framework/indicator.csv"),
    )
    return f"{multiplier / 1000:g}"


@block
def unassigned_crime(book: Book) -> str:
    """Read from the seed, as rows that belong to no council are in no mart."""
    share = book.one(
        """
        SELECT sum(CAST(value AS DOUBLE)) FILTER (partnership_name ILIKE 'unassigned%') / sum(CAST(value AS DOUBLE))
        FROM read_csv($1, all_varchar = true)
        WHERE measure = 'Total recorded crime (excluding fraud)' AND partnership_name IS NOT NULL
        """,
        str(ROOT / "seeds/observations/ons_recorded_crime.csv"),
    )
    return tenths(share)
