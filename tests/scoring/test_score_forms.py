"""`missions score` on the forms that files come in: wide, COINr's, panels, and what spreadsheets leave behind."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from missions.errors import ScoreError
from missions.scoring.score_files import score_files
from tests.support.index_files import Frame, Index, node

VALUES = pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": [3.0, 1.0, 2.0]}, index=["u1", "u2", "u3"])
SCALE = {"normalisation": "min_max", "parameters": {"lower": 0, "upper": 100}}
NODES = [node("index", aggregation="arithmetic"), node("a", "index", **SCALE), node("b", "index", **SCALE)]
PANEL = """unit_id,node_id,value,period
ESP,ghg,288,2015
ESP,ghg,276,2016
FRA,ghg,411,2015
FRA,ghg,436,2016
ITA,ghg,374,2015
ITA,ghg,375,2016
"""


@pytest.fixture
def made(tmp_path: Path) -> Index:
    return Index(tmp_path, VALUES, NODES)


def results(index: Index, base_period: str | None = None) -> Frame:
    score_files(index.path("units"), index.path("observations"), index.path("framework"), index.out, base_period)
    return pd.read_csv(index.out / "scores.csv", dtype={"period": str})


def test_the_wide_form_gives_the_same(made: Index) -> None:
    expected = results(made)
    made.write("observations", VALUES.rename_axis("unit_id").reset_index())
    pd.testing.assert_frame_equal(results(made), expected)
    made.path("observations").write_text("unit_id,a,b\nu1,1,x\n", encoding="utf-8")
    with pytest.raises(
        ScoreError, match=r"line 2, column b: expected a number such as 12.5, found 'x'; leave the cell"
    ):
        results(made)


def test_coinr_s_own_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "iData.csv").write_text("uCode,uName,LPI,Flights\nAUT,Austria,4.1,29\nBEL,Belgium,4.0,31\n")
    meta = "iCode,Level,Parent,Direction,Weight,Type\nLPI,1,Conn,1,1,Indicator\nFlights,1,Conn,1,1,Indicator\n"
    meta += "Conn,2,Index,1,1,Aggregate\nIndex,3,NA,1,1,Aggregate\nPop,NA,NA,NA,NA,Denominator\n"
    (tmp_path / "iMeta.csv").write_text(meta)
    data = tmp_path / "iData.csv"
    score_files(data, data, tmp_path / "iMeta.csv", tmp_path / "out")
    scores = pd.read_csv(tmp_path / "out/scores.csv")
    assert scores["node_id"].tolist() == ["Index", "Index", "Conn", "Conn"]
    assert scores["score"].tolist() == [50, 50, 50, 50]


def test_a_panel_is_scored_by_period_or_against_a_base(tmp_path: Path) -> None:
    index = Index(tmp_path, VALUES, [node("index", aggregation="arithmetic"), node("ghg", "index", **SCALE)])
    index.path("units").write_text("unit_id\nESP\nFRA\nITA\n")
    index.path("observations").write_text(PANEL)
    own = results(index).set_index(["unit_id", "period"])
    assert own["score"].unstack().loc["ESP"].tolist() == [0, 0]
    assert own["score"].unstack().loc["FRA"].tolist() == [100, 100]
    assert own["rank"].unstack().loc["ITA"].tolist() == [2, 2]
    base = results(index, "2015").set_index(["unit_id", "period"])["score"].unstack()
    assert base.loc["FRA", "2016"] == pytest.approx(100 * (436 - 288) / (411 - 288))
    both = results(index, "all").set_index(["unit_id", "period"])["score"].unstack()
    assert both.loc["ESP", "2015"] == pytest.approx(100 * (288 - 276) / (436 - 276))
    with pytest.raises(ScoreError, match=r"no value is of the base period '2020'.*use one of 2015, 2016"):
        results(index, "2020")
    index.path("observations").write_text(PANEL.replace("period", "year"))
    with pytest.raises(ScoreError, match=r"line 3: duplicate value .*add a column period"):
        results(index)


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    trailing=st.integers(0, 3),
    blank_rows=st.integers(0, 3),
    around=st.sampled_from(["", "\u00a0", "\u200b", "\u2009", "\ufeff"]),
    mark=st.sampled_from(["", "\ufeff"]),
)
def test_what_spreadsheets_leave_behind_changes_nothing(
    made: Index, trailing: int, blank_rows: int, around: str, mark: str
) -> None:
    """Trailing separators, rows of separators, invisible characters and byte order marks, in all three files."""
    kept = {name: made.path(name).read_text(encoding="utf-8") for name in ("units", "observations", "framework")}
    expected = results(made)
    for name, text in kept.items():
        lines = text.splitlines()
        ends = [f"{around}{line}{around if name == 'observations' else ''}{',' * trailing}" for line in lines[1:]]
        rows = [lines[0] + "," * trailing, *ends, *["," * (len(lines[0].split(",")) + trailing - 1)] * blank_rows]
        made.path(name).write_text(mark + "\n".join(rows) + "\n", encoding="utf-8")
    try:
        pd.testing.assert_frame_equal(results(made), expected)
    finally:
        for name, text in kept.items():
            made.path(name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", ["VARCHAR", "it's", 'a "b"', "Value", "x'); drop table unit; --"])
def test_a_column_may_have_any_name(made: Index, name: str) -> None:
    expected = results(made)
    table = pd.read_csv(made.path("observations"))
    table[name] = "note"
    made.write("observations", table)
    try:
        pd.testing.assert_frame_equal(results(made), expected)
    except ScoreError as error:  # near to a column that is known
        assert name == "Value" and "line 1: unknown column 'Value'" in str(error)


def test_a_column_with_content_needs_a_name(made: Index) -> None:
    made.path("observations").write_text("unit_id,node_id,value,\nu1,a,1,odd\n")
    with pytest.raises(ScoreError, match="line 2: column 4 has no name in line 1, but holds 'odd'"):
        results(made)


def test_scores_too_close_for_ranks_are_an_error(made: Index) -> None:
    made.write(
        "framework", pd.DataFrame([node("index", aggregation="arithmetic"), node("a", "index"), node("b", "index")])
    )
    made.path("observations").write_text("unit_id,node_id,value\nu1,a,1e-12\nu2,a,2e-12\nu3,b,5e-11\n")
    with pytest.raises(ScoreError, match=r"too little for ranks at nine decimals|throughout the reference set"):
        results(made)


def test_a_function_that_is_not_defined_names_the_unit(made: Index) -> None:
    nodes = [NODES[0], node("a", "index", treatment="ln"), NODES[2]]
    made.write("framework", pd.DataFrame(nodes))
    made.path("observations").write_text("unit_id,node_id,value\nu1,a,0\nu2,a,2\nu3,b,5\nu1,b,1\n")
    with pytest.raises(ScoreError, match=r"ln of 'a' needs values above 0, found 0.0 for unit 'u1'"):
        results(made)


def test_forced_winsorising_and_caps(made: Index) -> None:
    nodes = [
        node("index", aggregation="arithmetic"),
        node("a", "index", treatment="winsorise", parameters={"highest": 1}),
        node("b", "index", treatment="cap", parameters={"lower_percentile": 25}),
    ]
    made.write("framework", pd.DataFrame(nodes))
    results(made)
    treated = made.result("treated")
    assert treated["a"].tolist() == [1, 2, 2]
    assert treated["b"].tolist() == [3, 1.5, 2]
