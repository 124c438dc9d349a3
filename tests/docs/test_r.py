"""docs/r.md is true: base R reads the published CSV files as DuckDB reads the marts."""

import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from tests.conftest import PATIENCE, ROOT
from tests.support.markdown import fences

BLOCKS = [
    text for _, _, text in fences((ROOT / "docs/r.md").read_text(encoding="utf-8"), "r") if "library(" not in text
]


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_r_reads_the_published_files(publication: Path, database: Path, tmp_path: Path) -> None:
    assert len(BLOCKS) == 2
    program = tmp_path / "page.R"
    shown = 'write.csv(head(profile[order(profile$need_rank), "authority_name"], 5), "first.csv", row.names = FALSE)'
    means = 'write.csv(aggregate(need_score ~ region_name, health, mean), "means.csv", row.names = FALSE)'
    program.write_text("\n".join([*BLOCKS, shown, means]), encoding="utf-8")
    (tmp_path / "published").symlink_to(publication)
    ran = subprocess.run(
        ["Rscript", "--vanilla", str(program)], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE
    )
    assert ran.returncode == 0, ran.stderr
    with duckdb.connect(str(database), read_only=True) as connection:
        first = connection.execute(
            "SELECT authority_name FROM marts.authority_profile ORDER BY need_rank, authority_code LIMIT 5"
        ).fetchall()
        expected = connection.execute(
            "SELECT region_name, avg(need_score) FROM marts.mission_index JOIN marts.dim_authority"
            " USING (authority_code) WHERE mission_id = 'health' GROUP BY ALL ORDER BY region_name"
        ).fetchall()
    assert duckdb.read_csv(str(tmp_path / "first.csv"), header=True).fetchall() == first
    found = duckdb.read_csv(str(tmp_path / "means.csv"), header=True).fetchall()
    assert [name for name, _ in found] == [name for name, _ in expected]
    assert [mean for _, mean in found] == pytest.approx([mean for _, mean in expected])
