"""The page of `make bench`: medians with their spread, in seconds and in multiples of a loop, never of one run."""

from pathlib import Path

import performance_page
import pytest
import run

STRAIGHT = "The same SQL run straight in DuckDB"


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "PERFORMANCE.md"
    monkeypatch.setattr(run, "write_part", lambda name, lines: performance_page.write_part(name, lines, path))
    return path


def measured(pipeline: list[float], memory: float = 1000) -> list[run.Measurement]:
    return [
        run.Measurement("Pipeline", pipeline, goal=45, memory=memory, memory_goal=1500, loops_goal=32),
        run.Measurement(f"A loop, `{run.LOOP}`", [1.5, 1.2, 1.3]),
        run.Measurement(STRAIGHT, [10.0, 11.0, 12.0]),
    ]


def test_the_page_has_medians_spread_load_and_multiples_of_the_loop(page: Path) -> None:
    run.page(measured([39.0, 41.0, 52.0]), load=0.3)
    text = page.read_text(encoding="utf-8")
    assert "| Pipeline | 41.00 | 31.5 | 39.00 to 52.00 (3) | 1000 | 45 s, 1500 MB, 32 loops | met |" in text
    assert "start\n0.3." in text and performance_page.machine() in text
    assert "27% of the" in text


@pytest.mark.parametrize(("pipeline", "memory"), [([42.0, 43.0, 44.0], 1000), ([39.0, 40.0, 41.0], 1501)])
def test_a_goal_missed_in_loops_or_memory_is_missed(page: Path, pipeline: list[float], memory: float) -> None:
    run.page(measured(pipeline, memory), load=0.3)
    assert "| missed |" in page.read_text(encoding="utf-8")


def test_a_single_run_is_never_published(page: Path) -> None:
    with pytest.raises(SystemExit, match="Fewer than 3 runs of Pipeline"):
        run.page(measured([39.0]), load=0.3)
    assert not page.exists()
