"""The environment of a run: what the shell holds for other projects stays out of it.

Belongs here: hiding variables. Which ones must not reach a run is said where dbt and Dagster are started.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(*prefixes: str) -> Iterator[None]:
    """Remove the variables whose names begin with one of `prefixes`, and put them back at the end."""
    foreign = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(prefixes)}
    try:
        yield
    finally:
        os.environ.update(foreign)
