"""`missions sources`: each source once, or one source's files."""

from datetime import date

from tests.support.commands import Ask, Marts, column, records, table


def test_sources_lists_each_once_and_shows_the_files_of_one(ask: Ask, marts: Marts) -> None:
    ids = marts(
        "SELECT DISTINCT unnest(string_split(source_ids, ', ')) AS source_id FROM dim_source ORDER BY source_id"
    )
    assert column(ask("sources", "--json"), "source_id") == [source for (source,) in ids]
    assert len(table(ask("sources", "--csv"))) == 1 + len(ids)
    lines = ask("sources").stdout.splitlines()
    assert [(line,) for line in lines if (line,) in ids] == ids
    files = marts("SELECT path, sha256 FROM dim_source WHERE source_ids LIKE '%ons_claimant_count%' ORDER BY path")
    found = records(ask("sources", "ons_claimant_count", "--json"))
    assert [(file["path"], file["sha256"]) for file in found] == files
    assert date.fromisoformat(found[0]["snapshot_date"])
    shown = ask("sources", "ons_claimant_count").stdout
    assert all(path in shown and sha256 in shown for path, sha256 in files)


def test_an_unknown_source_names_the_nearest(ask: Ask) -> None:
    result = ask("sources", "ons_claimant")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Did you mean ons_claimant_count" in result.stderr
