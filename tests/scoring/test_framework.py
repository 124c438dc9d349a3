"""The registry's layout and dbt's tests agree with the definition of a framework in framework.py."""

import yaml

from missions.csv_rules import TYPES
from missions.scoring import what_if
from missions.scoring.framework import AGGREGATIONS, COLUMNS, NORMALISATIONS, TREATMENTS, framework_file
from missions.scoring.parameters import OF_ANY_NODE, OF_NORMALISATION, OF_TREATMENT
from missions.sources.registry import layouts
from tests.conftest import ROOT


def test_the_seed_has_the_columns_of_a_framework() -> None:
    layout = layouts()["framework"]
    assert {column.name: TYPES[column.type].sql for column in layout.columns} == COLUMNS
    file = framework_file(ROOT / "seeds/framework/second/framework.csv")
    assert set(file.required) | set(file.optional) == set(COLUMNS)


def test_dbt_accepts_the_methods_of_a_framework() -> None:
    [path] = (ROOT / "dbt_project/models").rglob("stg_framework_nodes.yml")
    [model] = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    accepted = {
        column["name"]: set(test["accepted_values"]["arguments"]["values"])
        for column in model["columns"]
        for test in column.get("data_tests", ())
    }
    # The treatments that need no parameters and take any number; the others are for a user's own framework.
    expected = {"treatment": what_if.TREATMENTS, "normalisation": NORMALISATIONS, "aggregation": AGGREGATIONS}
    assert accepted == {name: set(words) for name, words in expected.items()} | {"direction": {1, -1}}


def test_the_parameters_are_those_that_the_models_read() -> None:
    [path] = (ROOT / "dbt_project/models").rglob("int_framework_nodes.sql")
    model = path.read_text(encoding="utf-8")
    assert set(OF_NORMALISATION) <= set(NORMALISATIONS)
    assert set(OF_TREATMENT) < set(TREATMENTS)
    names = {name for method in (OF_TREATMENT | OF_NORMALISATION).values() for name in method} | set(OF_ANY_NODE)
    for parameter in names - {"decimals"}:  # which only the ranks in scores.csv read
        assert f"'{parameter}')" in model
