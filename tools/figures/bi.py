"""The block of docs/bi.md: the dictionary of data sets and metrics."""

from tools.bi.definition import datasets
from tools.figures.book import Book, block
from tools.figures.formats import table


@block
def dictionary(book: Book) -> str:
    rows = [
        [dataset.title, metric.title, metric.description, f"`{metric.expression}`"]
        for dataset in datasets(book.published)
        for metric in dataset.metrics
    ]
    return table(["Data set", "Metric", "What it means", "SQL"], rows)
