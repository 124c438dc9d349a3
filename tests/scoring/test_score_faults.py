"""`missions score` on files of any form: the same results, or one clear error and nothing written."""

import itertools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from missions.errors import ScoreError
from tests.support.index_files import Index, node


@pytest.fixture
def index(tmp_path: Path) -> Callable[..., Index]:
    """Make an index for the test and score it."""
    return lambda values, nodes: Index(tmp_path, values, nodes).run()


# --- Files of any kind ----------------------------------------------------------------------------------------------


def small(folder: Path) -> Index:
    """Three units, a branch of two leaves, and a leaf under the root."""
    values = pd.DataFrame({"a": [1.0, 2, 4], "b": [3.5, 1, 2], "c": [0.5, 7, 3]}, index=["u1", "u2", "u3"])
    return Index(
        folder,
        values,
        [
            node("root", "", "arithmetic", normalisation="z_score"),
            node("branch", "root", "geometric", weight=2),
            node("a", "branch", normalisation="min_max", parameters={"lower": 1, "upper": 10}),
            node("b", "branch", normalisation="rank", direction=-1),
            node("c", "root", normalisation="z_score", treatment="winsorise_then_log"),
        ],
    )


def results(done: Index) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in done.out.iterdir()}


def test_results_are_sorted_and_complete(tmp_path: Path) -> None:
    done = small(tmp_path).run()
    assert sorted(results(done)) == ["normalised.csv", "scores.csv", "treated.csv", "treatment.csv"]
    scores = (done.out / "scores.csv").read_text().splitlines()
    assert scores[0] == "unit_id,node_id,score,rank"
    assert [line.split(",")[:2] for line in scores[1:]] == [
        [u, n] for n in ("root", "branch") for u in ("u1", "u2", "u3")
    ]
    assert (done.out / "treated.csv").read_text().splitlines()[:2] == ["unit_id,node_id,value", "u1,a,1.0"]
    assert (done.out / "normalised.csv").read_text().splitlines()[:3] == [
        "unit_id,node_id,value",
        "u1,a,1.0",
        "u2,a,4.0",
    ]
    header, *rows = (done.out / "treatment.csv").read_text().splitlines()
    assert header == "node_id,winsorised_steps,is_logged,skewness_before,kurtosis_before,skewness_after,kurtosis_after"
    assert [row.split(",")[:3] for row in rows] == [["a", "0", "false"], ["b", "0", "false"], ["c", "0", "false"]]
    assert float(scores[4].split(",")[2]) == math.sqrt(1)  # geometric mean of 1 and 1: lowest of a, highest of -b


def _as_spreadsheets_save(text: bytes) -> bytes:
    return b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n")


def _shuffled(text: bytes) -> bytes:
    header, *rows = text.splitlines(keepends=True)
    return b"".join([header, *np.random.default_rng(3).permutation(np.array(rows, dtype=object))])


def _columns_reversed(text: bytes) -> bytes:
    import csv
    import io

    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(row[::-1] for row in csv.reader(io.StringIO(text.decode())))
    return out.getvalue().encode()


def _with_empty_lines(text: bytes) -> bytes:
    return text.replace(b"\n", b"\n\n", 2) + b"\n\r\n"


@pytest.mark.parametrize(
    "change",
    [_as_spreadsheets_save, _shuffled, _columns_reversed, _with_empty_lines, bytes.rstrip],
    ids=lambda change: change.__name__.strip("_"),
)
def test_the_form_of_the_files_changes_nothing(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    """Not even the last digit: line endings, byte order mark, order of rows and columns, quotation marks."""
    expected = results(small(tmp_path).run())
    for name in ("units", "observations", "framework"):
        path = tmp_path / f"{name}.csv"
        text = path.read_bytes()
        path.write_bytes(change(text))
        assert path.read_bytes() != text
    again = Index.__new__(Index)
    again.folder = tmp_path
    assert results(again.run()) == expected


def test_other_files_in_the_folder_stay(tmp_path: Path) -> None:
    done = small(tmp_path)
    done.out.mkdir()
    (done.out / "notes.txt").write_text("mine")
    (done.out / "scores.csv").write_text("old")
    done.run()
    assert (done.out / "notes.txt").read_text() == "mine"
    assert (done.out / "scores.csv").read_text().startswith("unit_id,")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["framework.csv", "observations.csv", "out", "units.csv"]


def test_other_columns_are_ignored(tmp_path: Path) -> None:
    plain = small(tmp_path).run().result("scores", "score")
    more = small(tmp_path)
    for name in ("units", "observations", "framework"):
        header, *rows = more.path(name).read_text().splitlines()
        more.path(name).write_text("\n".join([f"{header},source", *(f"{row},ours" for row in rows)]))
    pd.testing.assert_frame_equal(more.run().result("scores", "score"), plain)


def test_gaps_and_limits_are_read(tmp_path: Path) -> None:
    """An empty value is missing; limits are checked but not used."""
    done = small(tmp_path)
    rows = ["unit_id,node_id,value,lower_95,upper_95"]
    rows += ["u1,a,1,0.5,2", "u2,a,2,,", "u3,a,+4.0,4,4", "u1,b,,,", "u2,b, 1 ,,", "u3,b,2e0,,"]
    done.path("observations").write_text("\n".join([*rows, "u1,c,.5,,", "u2,c,7.,,9", "u3,c,3,-1E1,"]))
    done.run()
    assert list(done.result("treated")["b"]) == pytest.approx([math.nan, 1, 2], nan_ok=True)
    assert list(done.result("treated")["c"]) == [0.5, 7, 3]


def test_names_may_hold_anything(tmp_path: Path) -> None:
    """Commas, quotation marks, line breaks, separators of other alphabets: as ids of units, nodes and in the folder."""
    names = ["Bristol, City of", 'the "Hamlets"', "two\nlines", "para\u2029graph", "Ynys Môn", " spaced ", "u1"]
    folder = tmp_path / "a 'quoted' [folder]*"
    folder.mkdir()
    leaves = ["a,b", 'c"d']
    values = pd.DataFrame({leaf: [float(n) for n in range(7)] for leaf in leaves}, index=names)
    nodes = [node("roöt", "", "arithmetic", label="x, y"), *(node(leaf, "roöt") for leaf in leaves)]
    done = Index(folder, values, nodes).run()
    for result in ("treated", "normalised"):
        pd.testing.assert_frame_equal(done.result(result), values.sort_index(), check_names=False)
    assert dict(done.result("scores", "rank")["roöt"]) == {name: 7 - n for n, name in enumerate(names)}


# --- One clear error ------------------------------------------------------------------------------------------------

# The fault, the file, the old and new text (\n is a line break), and what the error must say.
_FAULTS = r"""
missing column | observations | node_id,value | node_id,amount | line 1; missing column value; 'amount'
extra column | units | unit_id,unit_name | unit_id,in_refrence | line 1; 'in_refrence'; did you mean 'in_reference_set'?
column twice | units | unit_id,unit_name | unit_id,unit_id | line 1; duplicate column 'unit_id'
semicolons | observations | unit_id,node_id,value | unit_id;node_id;value | line 1; separated by ';'
no header | observations | unit_id,node_id,value\n |  | line 1; missing columns unit_id
too many cells | observations | u1,a,1.0 | u1,a,1,5 | line 2; expected 3 cells, found 4; quotation
too few cells | observations | u2,a,2.0 | u2,a | line 3; expected 3 cells, found 2
open quotation | observations | u1,c,0.5 | "u1,c,0.5 | quotation mark
unknown unit | observations | u2,b,1.0 | u22,b,1.0 | line 6, column unit_id; 'u22'; did you mean 'u2'?
empty unit | observations | u2,b,1.0 | ,b,1.0 | line 6, column unit_id; an empty cell
unknown node | observations | u2,b,1.0 | u2,bb,1.0 | line 6, column node_id; unknown node 'bb'
aggregate observed | observations | u2,b,1.0 | u2,branch,1.0 | line 6, column node_id; 'branch' is scored from
observed twice | observations | u2,b,1.0 | u1,b,1.0 | line 6; 'u1'; 'b'; first on line 5
text | observations | u2,b,1.0 | u2,b,n/a | line 6, column value; expected a number; found 'n/a'
not a number | observations | u2,b,1.0 | u2,b,NaN | line 6, column value; expected a number; found 'NaN'
infinite | observations | u2,b,1.0 | u2,b,-inf | line 6, column value; expected a number; found '-inf'
too great | observations | u2,b,1.0 | u2,b,1e999 | line 6, column value; expected a number; found '1e999'
underscore | observations | u2,b,1.0 | u2,b,1_000 | line 6, column value; expected a number; found '1_000'
decimal comma | observations | u2,b,1.0 | u2,b,"1,5" | line 6, column value; expected a number; '1,5'; decimal point
thousands | observations | u2,b,1.0 | u2,b,"1,000" | line 6, column value; expected a number; found '1,000'; thousands
unit twice | units | u3,u3 | u1,u3 | line 4, column unit_id; 'u1'; first on line 2
unit without id | units | u3,u3 | ,u3 | line 4, column unit_id; unit without an id
node twice | framework | \nb, | \na, | line 5, column node_id; 'a'; first on line 4
orphan | framework | a,branch, | a,brunch, | line 4, column parent_id; 'brunch'; did you mean 'branch'?
own parent | framework | c,root, | c,c, | line 6; 'c' has children
cycle | framework | branch,root, | branch,side, | line 3, column parent_id: cycle: 'branch' under 'side'
no root | framework | root,, | root,branch, | cycle; the root, must have an empty parent_id
two roots | framework | branch,root, | branch,, | line 3, column parent_id; second root; line 2
negative weight | framework | branch,root,2, | branch,root,-2, | line 3, column weight: negative weight '-2'
no weight | framework | branch,root,2, | branch,root,, | line 3, column weight; expected a number; found an empty cell
weight in words | framework | branch,root,2, | branch,root,two, | line 3, column weight; expected a number; found 'two'
direction | framework | b,branch,1,-1, | b,branch,1,0, | line 5, column direction: expected 1; found '0'
no direction | framework | b,branch,1,-1, | b,branch,1,, | line 5, column direction: expected 1; found an empty cell
treatment | framework | winsorise_then_log | winsorize_then_log | line 6, column treatment; did you mean 'winsorise
normalisation | framework | none,rank, | none,zscore, | line 5, column normalisation; found 'zscore'; mean 'z_score'?
aggregation | framework | geometric | mean | line 3, column aggregation; geometric; found 'mean'
no aggregation | framework | geometric |  | line 3, column aggregation: 'branch' has children
aggregation of none | framework | none,rank,,, | none,rank,,geometric, | line 5, column aggregation: 'b' has no children
no JSON | framework | rank,, | rank,lower=1, | line 5; expected JSON; found 'lower=1'
JSON that is a list | framework | rank,, | rank,"[1, 2]", | line 5; expected a JSON object; found '[1, 2]'
unknown parameter | framework | ""upper"" | ""uper"" | line 4; 'uper'; min_max has lower, upper
parameter twice | framework | ""upper"" | ""lower"" | line 4; duplicate parameter
parameter of another | framework | none,min_max, | none,z_score, | line 4; 'lower'; z_score has mean
lower above upper | framework | ""upper"": 10 | ""upper"": 1 | line 4; lower (1) must be below upper (1)
parameter in words | framework | ""upper"": 10 | ""upper"": ""10"" | line 4; expected a number for upper, found "10"
parameter is NaN | framework | ""upper"": 10 | ""upper"": NaN | line 4; expected a number for upper, found NaN
goalposts missing | framework | none,rank, | none,goalposts, | line 5; goalposts needs lower and upper
least share | framework | geometric,, | geometric,,1.5 | line 3, column least_share; a share from 0 to 1, found '1.5'
leaf unobserved | framework | \nc,root, | \nd,root,1,1,,,,,,\nc,root, | line 6; no unit has a value for the leaf 'd'
no spread | observations | u2,c,7.0\nu3,c,3.0 | u2,c,.5\nu3,c,.5 | line 6; 'c' is 0.5 throughout the reference set
zero in a product | framework | ""lower"": 1, | ""lower"": 0, | line 3; geometric; 'branch'; 0.0 for unit 'u1' at 'a'
"""
FAULTS = {fault: tuple(cells) for fault, *cells in (line.split(" | ") for line in _FAULTS.strip().splitlines())}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_clear_error(tmp_path: Path, fault: str) -> None:
    """File, line, column, what was found and what was expected; earlier results are unchanged."""
    done = small(tmp_path)
    done.out.mkdir()
    (done.out / "scores.csv").write_text("of before")
    before = results(done)
    name, old, new, messages = FAULTS[fault]
    old, new = old.replace(r"\n", "\n"), new.replace(r"\n", "\n")
    text = done.path(name).read_text()
    assert old in text, "the example has changed"
    text = text.replace(old, new, 1)
    if fault == "cycle":
        text += "side,branch,1,1,none,,,arithmetic,,\n"
    done.path(name).write_text(text)
    with pytest.raises(ScoreError) as raised:
        done.run()
    message = str(raised.value)
    for part in messages.split("; "):
        assert part in message
    assert ".csv" in message and "\n" not in message
    assert results(done) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["framework.csv", "observations.csv", "out", "units.csv"]


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("units", b"", "the file is empty"),
        ("observations", b"\n\n", "the file is empty"),
        ("observations", b"unit_id,node_id,value\n", "no rows below the header"),
        ("framework", b"node_id,parent_id,weight,direction,treatment,normalisation,aggregation\n", "no rows below"),
        ("units", b"unit_id,unit_name\nu1,Caf\xe9\nu2,b\nu3,c\n", "line 2: byte 0xe9 is not UTF-8"),
        ("observations", "unit_id,node_id,value\nu1,a,1\n".encode("utf-16"), "UTF-16"),
        ("units", b"PK\x03\x04\x00\x00", "not text"),
        (
            "units",
            b"unit_id,in_reference_set\nu1,true\nu2,perhaps\nu3,yes\n",
            "line 3, column in_reference_set: expected true or false, found 'perhaps'",
        ),
        ("units", b"unit_id,in_reference_set\nu1,no\nu2,0\nu3,FALSE\n", "the reference set"),
        (
            "units",
            b"unit_id,in_reference_set\nu1,yes\nu2,0\nu3,false\n",
            "two units with a value in the reference set, found 1",
        ),
        (
            "observations",
            b"unit_id,node_id,value,lower_95\nu1,a,1,0\nu2,a,2,2.5\n",
            "line 3, column lower_95: lower_95 (2.5) is above the value (2)",
        ),
        (
            "observations",
            b"unit_id,node_id,value,upper_95\nu1,a,1,0\n",
            "line 2, column upper_95: upper_95 (0) is below the value (1)",
        ),
        (
            "observations",
            b"unit_id,node_id,value,upper_95\nu1,a,1,x\n",
            "line 2, column upper_95: expected a number",
        ),
    ],
)
def test_a_file_that_is_entirely_wrong(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    done = small(tmp_path)
    done.path(name).write_bytes(content)
    with pytest.raises(ScoreError, match=r"\.csv") as raised:
        done.run()
    assert message in str(raised.value)
    assert not done.out.exists()


def chain_of(levels: int) -> list[dict[str, Any]]:
    names = [f"n{level}" for level in range(levels + 1)]
    nodes = [node(names[0], "", "arithmetic")]
    nodes += [node(child, parent, "arithmetic") for parent, child in itertools.pairwise(names[:-1])]
    return [*nodes, node(names[-1], names[-2])]


FLAWED: list[tuple[str, dict[str, list[float]], list[dict[str, Any]], tuple[str, ...]]] = [
    ("seven levels", {"n7": [1, 2, 3]}, chain_of(7), ("line 9", "'n7' is more than 6 levels")),
    (
        "weights of zero",
        {"a": [1, 2, 3], "b": [1, 2, 3]},
        [node("root", "", "arithmetic"), node("a", "root", weight=0), node("b", "root", weight=0)],
        ("line 2", "the weights under 'root' sum to zero"),
    ),
    (
        "mirrored children",
        {"a": [0.1, 0.2, 0.7], "b": [0.1, 0.2, 0.7], "c": [0.1, 0.2, 0.7], "d": [0.1, 0.2, 0.7]},
        [
            node("root", "", "arithmetic", normalisation="z_score"),
            node("a", "root", weight=3, normalisation="z_score"),
            *(node(name, "root", direction=-1, normalisation="z_score") for name in "bcd"),
        ],
        ("line 2", "'root' is ", " throughout the reference set"),
    ),
    (
        "min_max of equal values",
        {"a": [7, 7, 7]},
        [node("root", "", "arithmetic"), node("a", "root", normalisation="min_max")],
        ("line 3", "'a' is 7.0 throughout the reference set"),
    ),
    (
        "log of equal values",
        {"a": [7, 7, 7]},
        [node("root", "", "arithmetic"), node("a", "root", treatment="log", normalisation="rank")],
        ("line 3", "column treatment", "a log is not possible"),
    ),
    (
        "harmonic mean of negative scores",
        {"a": [1, 2, 3], "b": [-1, 5, -4]},
        [node("root", "", "harmonic"), node("a", "root"), node("b", "root")],
        ("line 2", "harmonic mean of 'root'", "-1.0 for unit '1' at 'b', -4.0 for unit '3' at 'b'"),
    ),
    (
        "geometric mean of an aggregate at zero",
        {"a": [1, 2, 3], "b": [1, 5, 4], "c": [1, 1, 2]},
        [
            node("root", "", "geometric"),
            node("branch", "root", "arithmetic", normalisation="z_score"),
            *(node(name, "branch") for name in "ab"),
            node("c", "root"),
        ],
        ("line 2", "geometric mean of 'root'", "at 'branch'", "needs scores above zero"),
    ),
    (
        "a leaf that is the root",
        {"a": [1, 2, 3]},
        [node("a")],
        ("line 2", "the root 'a' has no children"),
    ),
]


@pytest.mark.parametrize("values, nodes, messages", [case[1:] for case in FLAWED], ids=[case[0] for case in FLAWED])
def test_an_index_that_cannot_be(
    tmp_path: Path, values: dict[str, list[float]], nodes: list[dict[str, Any]], messages: tuple[str, ...]
) -> None:
    done = Index(tmp_path, pd.DataFrame(values, index=["1", "2", "3"]), nodes)
    with pytest.raises(ScoreError) as raised:
        done.run()
    for part in messages:
        assert part in str(raised.value)
    assert not done.out.exists()


def test_six_levels_are_scored(index: Callable[..., Index]) -> None:
    found = index(pd.DataFrame({"n6": [1.0, 2, 4]}, index=list("abc")), chain_of(6)).result("scores", "score")
    assert list(found["n0"]) == [1, 2, 4]


def test_a_unit_without_a_value_has_no_score(index: Callable[..., Index]) -> None:
    values = pd.DataFrame({"a": [1.0, 2, np.nan]}, index=list("abc"))
    done = index(values, [node("root", "", "arithmetic"), node("a", "root", normalisation="rank")])
    assert (done.out / "scores.csv").read_text().splitlines()[1:] == ["a,root,1.0,2", "b,root,2.0,1", "c,root,,"]


def test_the_command_reports_a_fault_and_fails(tmp_path: Path, missions: Callable[..., Any]) -> None:
    done = small(tmp_path)
    done.path("observations").write_text(done.path("observations").read_text().replace("u2,b,1.0", "u2,b,?"))
    files = [f"--{name}={done.path(name)}" for name in ("units", "observations", "framework")]
    failed = missions("score", *files, f"--out={done.out}")
    assert failed.returncode == 1
    assert failed.stderr == (
        f"{done.path('observations')}, line 6, column value: expected a number such as 12.5, found '?'; "
        "leave the cell empty where there is no figure\n"
    )
    assert not done.out.exists()


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path, missions: Callable[..., Any]) -> None:
    done = small(tmp_path)
    (tmp_path / "file").write_text("")
    files = [f"--{name}={done.path(name)}" for name in ("units", "observations", "framework")]
    failed = missions("score", *files, f"--out={tmp_path / 'file/results'}")
    assert failed.returncode == 1
    assert failed.stderr.startswith(f"{tmp_path / 'file/results'}: the results cannot be written here (")
    assert failed.stderr.count("\n") == 1


def test_a_treatment_without_effect_is_reported(tmp_path: Path, missions: Callable[..., Any]) -> None:
    done = small(tmp_path)
    done.path("framework").write_text(done.path("framework").read_text().replace("root,,1,1,none", "root,,1,1,log"))
    files = [f"--{name}={done.path(name)}" for name in ("units", "observations", "framework")]
    scored = missions("score", *files, f"--out={done.out}")
    assert (scored.returncode, "line 2: the treatment log of 'root' has no effect" in scored.stderr) == (0, True)
