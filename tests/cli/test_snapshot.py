"""`missions snapshot`: it writes the seeds, or reports what is wrong."""

from pathlib import Path

import pytest

from tests.support.commands import run


def test_snapshot_reports_or_says_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    monkeypatch.setattr("missions.sources.snapshot.snapshot", lambda folder, report: taken.append(folder))
    result = run("snapshot", "--from", str(tmp_path))
    assert (result.exit_code, taken) == (0, [tmp_path])
    assert "seeds written to " in result.stdout
    monkeypatch.undo()
    result = run("snapshot", "--from", str(tmp_path))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"{tmp_path} lacks ")
    assert run("snapshot", "--from", str(tmp_path / "nowhere")).exit_code == 2
