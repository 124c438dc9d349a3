"""Superset's bundle: the files that its import reads, made from the definition.

Belongs here: the layout of those files in Superset 6.1. What they show is in definition.py and charts.py.
"""

import json
from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml

from tools.bi.charts import CHARTS, ROWS, Chart
from tools.bi.definition import Dataset

DATABASE_NAME = "Missions Index"
# The address in the bundle; deploy/superset/serve.py puts in that of your publication.
DATABASE_URI = "duckdb:////opt/missions-index/published/missions_index.duckdb?access_mode=READ_ONLY"
# No query can read another file, write one, load an extension or change these settings.
CONFIG = {
    "enable_external_access": False,
    "python_enable_replacements": False,
    "temp_directory": "",
    "lock_configuration": True,
}
_NUMBERS = ("BIGINT", "DOUBLE", "INTEGER", "HUGEINT")
_VERSION = "1.0.0"


def bundle(datasets: list[Dataset]) -> Iterator[tuple[str, str]]:
    """The name and text of each file of the bundle."""
    by_name = {dataset.name: dataset for dataset in datasets}
    # Superset wants a time; ours is fixed, so that the files depend on the definition only.
    yield "metadata.yaml", _yaml({"version": _VERSION, "type": "Dashboard", "timestamp": "2026-01-01T00:00:00+00:00"})
    yield "databases/missions_index.yaml", _yaml(_database())
    for dataset in datasets:
        yield f"datasets/missions_index/{dataset.name}.yaml", _yaml(_dataset(dataset))
    for chart in CHARTS:
        yield f"charts/{chart.name}.yaml", _yaml(_chart(chart, by_name[chart.dataset]))
    yield "dashboards/missions_index.yaml", _yaml(_dashboard(by_name))


def _yaml(content: dict[str, Any]) -> str:
    return str(yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=110))


def _uuid(kind: str, name: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"missions-index/{kind}/{name}"))


def _database() -> dict[str, Any]:
    return {
        "database_name": DATABASE_NAME,
        "sqlalchemy_uri": DATABASE_URI,
        "uuid": _uuid("database", "missions_index"),
        "version": _VERSION,
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_file_upload": False,
        "extra": {
            "engine_params": {"connect_args": {"config": CONFIG}},
            "allows_virtual_table_explore": True,
            "schemas_allowed_for_file_upload": [],
        },
    }


def _dataset(dataset: Dataset) -> dict[str, Any]:
    return {
        "table_name": dataset.title,
        "description": dataset.description,
        "schema": "marts",
        "sql": dataset.sql,
        "columns": [
            {
                "column_name": column.name,
                "verbose_name": column.title,
                "type": column.type,
                "description": column.description,
                "is_dttm": column.type == "DATE",
                "is_active": True,
                "groupby": True,
                "filterable": True,
                "expression": None,
            }
            for column in dataset.columns
        ],
        "metrics": [
            {
                "metric_name": metric.name,
                "verbose_name": metric.title,
                "expression": metric.expression,
                "description": metric.description,
                "d3format": metric.format,
                "metric_type": None,
                "extra": {},
            }
            for metric in dataset.metrics
        ],
        "extra": {},
        "uuid": _uuid("dataset", dataset.name),
        "database_uuid": _uuid("database", "missions_index"),
        "version": _VERSION,
    }


def _chart(chart: Chart, dataset: Dataset) -> dict[str, Any]:
    known = {column.name for column in dataset.columns} | {metric.name for metric in dataset.metrics}
    if unknown := {*chart.columns, *chart.metrics} - known:
        raise KeyError(f"chart {chart.name}: {', '.join(sorted(unknown))} is not in the data set {dataset.name}")
    params: dict[str, Any] = {"viz_type": chart.kind, "adhoc_filters": [], "row_limit": 5000, **chart.settings}
    if chart.kind == "table":
        params |= {"groupby": chart.columns, "metrics": chart.metrics}
    elif chart.kind.startswith("echarts"):
        params |= {"metrics": chart.metrics}
    elif chart.kind == "deck_polygon":
        params |= {"metric": chart.metrics[0]}
    if chart.order:
        metric, ascends = chart.order
        params |= {"timeseries_limit_metric": metric, "order_desc": not ascends}
    return {
        "slice_name": chart.title,
        "description": chart.description,
        "viz_type": chart.kind,
        "params": params,
        "query_context": json.dumps(_query(chart, params)),
        "uuid": _uuid("chart", chart.name),
        "dataset_uuid": _uuid("dataset", dataset.name),
        "version": _VERSION,
    }


def _query(chart: Chart, params: dict[str, Any]) -> dict[str, Any]:
    """The query of the chart, so that Superset's API can answer it without a browser."""
    query = {
        "columns": chart.columns,
        "metrics": chart.metrics,
        "filters": [],
        "orderby": [list(chart.order)] if chart.order else [],
        "row_limit": params["row_limit"],
    }
    return {
        "datasource": {"id": 0, "type": "table"},  # the import puts in the number of the data set
        "force": False,
        "queries": [query],
        "result_format": "json",
        "result_type": "full",
        "form_data": params,
    }


def _dashboard(datasets: dict[str, Dataset]) -> dict[str, Any]:
    numbers = {chart.name: number for number, chart in enumerate(CHARTS, 1)}
    of_all_indices = [numbers[chart.name] for chart in CHARTS if not chart.is_chosen_by_index]
    others = [numbers[chart.name] for chart in CHARTS if chart.name != "indicator"]
    filters = [
        _filter("Index", "need", "index_name", of_all_indices, "All missions"),
        _filter("Council", "need", "authority_name", []),
        _filter("Region", "need", "region_name", []),
        _filter("Indicator", "indicators", "indicator_title", others, "Adults living with obesity"),
    ]
    return {
        "dashboard_title": "Missions Index: need in England's councils",
        "description": "Need in England's councils under the Government's five missions, and how far to trust it.",
        "slug": "missions-index",
        "position": _position(numbers),
        "metadata": {
            "native_filter_configuration": filters,
            "cross_filters_enabled": True,
            "chart_configuration": {},
            "color_scheme": "supersetColors",
            "refresh_frequency": 0,
        },
        "published": True,
        "uuid": _uuid("dashboard", "missions_index"),
        "version": _VERSION,
    }


def _filter(title: str, dataset: str, column: str, excluded: list[int], chosen: str | None = None) -> dict[str, Any]:
    mask: dict[str, Any] = {"extraFormData": {}, "filterState": {}}
    if chosen:
        mask = {
            "extraFormData": {"filters": [{"col": column, "op": "IN", "val": [chosen]}]},
            "filterState": {"value": [chosen], "label": chosen},
        }
    return {
        "id": f"NATIVE_FILTER-{column}",
        "name": title,
        "type": "NATIVE_FILTER",
        "filterType": "filter_select",
        "targets": [{"datasetUuid": _uuid("dataset", dataset), "column": {"name": column}}],
        "controlValues": {
            "multiSelect": chosen is None,
            "enableEmptyFilter": chosen is not None,
            "searchAllOptions": True,
            "inverseSelection": False,
            "defaultToFirstItem": False,
        },
        "defaultDataMask": mask,
        "cascadeParentIds": [],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": excluded},
    }


def _position(numbers: dict[str, int]) -> dict[str, Any]:
    charts = {chart.name: chart for chart in CHARTS}
    rows = [f"ROW-{number}" for number in range(1, len(ROWS) + 1)]
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": rows, "parents": ["ROOT_ID"]},
    }
    for row, names in zip(rows, ROWS, strict=True):
        position[row] = {
            "type": "ROW",
            "id": row,
            "children": [f"CHART-{name}" for name in names],
            "parents": ["ROOT_ID", "GRID_ID"],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
        for name in names:
            chart = charts[name]
            position[f"CHART-{name}"] = {
                "type": "CHART",
                "id": f"CHART-{name}",
                "children": [],
                "parents": ["ROOT_ID", "GRID_ID", row],
                "meta": {
                    "chartId": numbers[name],
                    "uuid": _uuid("chart", name),
                    "sliceName": chart.title,
                    "width": chart.width,
                    "height": chart.height,
                },
            }
    return position
