"""Names of councils: each council is found by all its names."""

from pathlib import Path

import duckdb

from missions.publication.folder import DATABASE
from missions.reading.names import name_key, short_name_key


def test_no_two_councils_go_by_one_name(publication: Path) -> None:
    """No two councils share a name, with or without titles; only Newcastle is ambiguous."""
    with duckdb.connect(str(publication / DATABASE), read_only=True) as connection:
        names = connection.execute("SELECT authority_name, council_name FROM marts.dim_authority").fetchall()
    for key in (name_key, short_name_key):
        called = [{key(name), key(council)} for name, council in names]
        assert len(set().union(*called)) == sum(map(len, called))
        assert all(all(keys) for keys in called)
