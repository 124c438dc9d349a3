"""The job `refresh` and its checks in Dagster, from a server on this machine."""

from datetime import UTC, datetime

import dagster as dg
import pytest

from missions.sources import refresh
from missions.sources.registry import sources
from tests.support.changes import rows_swapped
from tests.support.publisher import OBESITY, RECYCLING, status
from tests.support.refreshing import Place


def test_the_job_refreshes_and_its_checks_say_so(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestration.jobs import refresh_job
    from orchestration.refresh import CHECK, newest_editions

    def evaluated(instance: dg.DagsterInstance, source_id: str) -> dg.AssetCheckEvaluation:
        key = dg.AssetCheckKey(dg.AssetKey(["raw", source_id]), CHECK)
        (record,) = instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
        assert record.event
        return record.event.dagster_event.asset_check_evaluation_data

    newest = max(source.snapshot_date for source in sources().values())
    monkeypatch.setattr(refresh, "_now", lambda: datetime(newest.year, newest.month, newest.day, tzinfo=UTC))
    place.offer(source_id=RECYCLING)
    place.offer(rows_swapped)
    config = {"ops": {"fetch_editions": {"config": {"sources": [OBESITY, RECYCLING]}}}}
    with dg.DagsterInstance.ephemeral() as instance:
        result = refresh_job.execute_in_process(run_config=config, instance=instance, raise_on_error=False)
        assert not result.success
        (failure,) = [e.step_failure_data for e in result.all_events if e.is_step_failure]
        assert f"missions refresh --accept {OBESITY}" in failure.user_failure_data.description
        assert RECYCLING not in failure.user_failure_data.description
        assert evaluated(instance, RECYCLING).passed
        refused = evaluated(instance, OBESITY)
        assert not refused.passed
        assert "! areas with each other's figures: E06000001 with E06000002" in refused.metadata["report"].value

        # A run of the index makes no requests and reports the same.
        place.server.asked.clear()
        defs = dg.Definitions(
            assets=[dg.AssetSpec(["raw", i]) for i in (OBESITY, RECYCLING)],
            asset_checks=[newest_editions],
            jobs=[dg.define_asset_job("checks", dg.AssetSelection.checks(newest_editions))],
            executor=dg.in_process_executor,
        )
        result = defs.resolve_job_def("checks").execute_in_process(instance=instance)
        found = {e.asset_key.path[-1]: e.passed for e in result.get_asset_check_evaluations()}
        assert set(found) == {source.source_id for source in refresh.refreshable()}
        assert [source_id for source_id, passed in found.items() if not passed] == [OBESITY]
        assert place.server.asked == []

        # It warns of a source that could not be fetched, and of sources not checked for a long time.
        place.server.always = status(404)
        place.run(RECYCLING)
        monkeypatch.setattr(refresh, "_now", lambda: datetime(2100, 1, 1, tzinfo=UTC))
        result = defs.resolve_job_def("checks").execute_in_process(instance=instance)
        told = {e.asset_key.path[-1]: e for e in result.get_asset_check_evaluations()}
        assert not any(evaluation.passed for evaluation in told.values())
        assert told[OBESITY].severity == dg.AssetCheckSeverity.ERROR
        assert told[RECYCLING].severity == dg.AssetCheckSeverity.WARN
        assert "404" in told[RECYCLING].description and "overdue" in told[RECYCLING].description
        assert told[RECYCLING].metadata["status"].value == "failed"
        assert told[RECYCLING].metadata["is_overdue"].value is True
        assert told[RECYCLING].metadata["last_checked_at"].value < "2100"
        assert told["ons_claimant_count"].severity == dg.AssetCheckSeverity.WARN
