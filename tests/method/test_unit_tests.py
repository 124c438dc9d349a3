"""dbt's unit tests: they prove formulas, which no data can change, so builds leave them out and they run here."""

import shutil
from pathlib import Path
from typing import Any

import pytest

_WRONG = """
version: 2
unit_tests:
  - name: test_that_is_wrong
    model: int_index_units
    given:
      - input: ref('int_authorities')
        rows:
          - {authority_code: E06000001, is_in_reference_set: true}
      - input: ref('int_small_areas')
        rows: []
    expect:
      rows:
        - {unit_id: E06000001, is_in_reference_set: false}
"""


def test_every_unit_test_passes_and_a_wrong_one_would_not(
    database: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One run of all, on a copy of the dbt project that has one unit test too many: it alone fails."""
    from orchestration import dbt

    project = tmp_path / "dbt_project"
    shutil.copytree(home / "dbt_project", project, ignore=shutil.ignore_patterns("target", "logs"))
    (project / "models" / "intermediate" / "int_wrong.yml").write_text(_WRONG)
    monkeypatch.setattr(dbt, "DBT_PROJECT", project)
    outcome = dbt.invoke_dbt(["test", "--resource-type", "unit_test"])
    found: Any = outcome.result
    results = {result.node.name: result for result in found if result.node.resource_type == "unit_test"}
    failed = {name: result.message for name, result in results.items() if result.status != "pass"}
    assert list(failed) == ["test_that_is_wrong"] and "actual differs from expected" in str(failed), failed
    assert set(results) == {"test_that_is_wrong"} | {test["name"] for test in dbt.manifest()["unit_tests"].values()}
