"""What spreadsheets and people write into the three files of `missions score`: read as meant, or one precise error.

A case changes one thing in good files. An error names the file, the line, the column where there is one, what was
found, and what to do.
"""

from pathlib import Path

import pytest

from missions.errors import ScoreError
from missions.scoring.score_files import score_files

GOOD = {
    "units": "unit_id,weight\nu1,10\nu2,20\nu3,30\n",
    "observations": "unit_id,node_id,value\nu1,a,1\nu2,a,2\nu3,a,4\nu1,b,3\nu2,b,1\nu3,b,2\n",
    "framework": (
        "node_id,parent_id,weight,direction,treatment,normalisation,normalisation_parameters,aggregation\n"
        'index,,1,1,none,,,arithmetic\na,index,1,1,none,min_max,"{""upper"": 10}",\nb,index,1,-1,none,z_score,,\n'
    ),
}
NO_FIGURE = "leave the cell empty where there is no figure"


def score(folder: Path, **files: str | bytes) -> str:
    """Score the good files with others in their place; return the scores."""
    for name, content in {**GOOD, **files}.items():
        (folder / f"{name}.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    score_files(*(folder / f"{name}.csv" for name in GOOD), folder / "out")
    return (folder / "out/scores.csv").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The scores of the good files."""
    return score(tmp_path_factory.mktemp("good"))


def observations(old: str, new: str) -> str:
    assert old in GOOD["observations"]
    return GOOD["observations"].replace(old, new, 1)


@pytest.mark.parametrize(
    "content",
    [
        GOOD["observations"].replace("\n", "\r\n"),
        GOOD["observations"].replace("\n", "\r"),
        observations("u2,a,2\n", "u2,a,2\r\n"),
        "\ufeff\ufeff" + GOOD["observations"],
        GOOD["observations"].replace("\n", ",,\n"),
        observations("unit_id,node_id,value", " unit_id ,node_id\u00a0,value\u200b"),
        observations("u2,a,2", 'u2,a,"2"'),
        observations("u2,a,2", "u2,a,\u20092.0\u00ad"),
        observations("u2,a,2", "u2,a,2\u2028"),
        observations("u2,a,2", "u2,a,+2E+00"),
        observations("u2,a,2", "u2\u00a0,a\u200b,2"),
        GOOD["observations"] + ",,\n\n , ,\n",
        "node_id,value,note,unit_id\na,1,x,u1\na,2,,u2\na,4,,u3\nb,3,,u1\nb,1,,u2\nb,2,y,u3\n",
        "unit_id, a ,b\u00a0\nu3,4,2\nu2,2,1\nu1,1,3\n",
    ],
)
def test_what_can_only_mean_one_thing_is_read(tmp_path: Path, expected: str, content: str) -> None:
    assert score(tmp_path, observations=content) == expected


@pytest.mark.parametrize(
    ("cell", "advice"),
    [
        *(
            (cell, NO_FIGURE)
            for cell in ("NaN", "inf", "NULL", "n/a", "[c]", "[low]", "..", ":", "~", "-", "<5", "TRUE")
        ),
        *((cell, "the spreadsheet saved an error here") for cell in ("#N/A", "#DIV/0!", "#REF!", "#######")),
        *((cell, "without its unit") for cell in ("25%", "£25", "25 €")),
        *((cell, "without a mark") for cell in ("12.5 [p]", "12.5*", "12.5 (r)", "12.5p")),
        *((cell, "a negative number as in -12.5") for cell in ("(12.5)", "12.5-", "\u201312.5")),
        *((cell, "a spreadsheet may have made it a date") for cell in ("01-Feb", "2024-01-02", "3/4/2024")),
        *((cell, "not a formula or text") for cell in ("=A1+B2", "'2", '"=""2"""')),
        ('"2,5"', "use a decimal point and no thousands separator"),
        ('"1,234"', "use a decimal point and no thousands separator"),
        ("1'234", "without a separator"),
        ("9" * 30, "at most 20 digits"),
        *((cell, "use a larger or smaller unit") for cell in ("1e400", "1e200", "1e-200")),
        *((cell, "expected a number such as 12.5") for cell in ("½", "٣", "0x10", "1_000", '"2\n3"')),
    ],
)
def test_a_cell_without_a_number_says_what_to_do(tmp_path: Path, cell: str, advice: str) -> None:
    with pytest.raises(ScoreError) as error:
        score(tmp_path, observations=observations("u2,a,2", f"u2,a,{cell}"))
    assert str(error.value).startswith(f"{tmp_path}/observations.csv, line 3, column value: expected a number")
    assert "found " in str(error.value) and advice in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "Table 1: need,,\n" + GOOD["observations"],
            "line 1: the names of the columns are on line 2; delete the lines",
        ),
        ("\n,,\n" + GOOD["observations"], "line 1: the names of the columns are on line 3; delete the lines above it"),
        ("# from R\n" + GOOD["observations"], "line 1: the names of the columns are on line 2"),
        (GOOD["observations"] + "Source: ONS\n", "line 8: expected 3 cells, found 1; delete notes below the table"),
        (observations("u2,a,2", "u2,a,2,5"), "line 3: expected 3 cells, found 4; put a cell that contains commas in"),
        (
            observations("unit_id,node", "Unit ID,node"),
            "line 1: missing column unit_id (found 'Unit ID') (did you mean",
        ),
        (observations("unit_id,node", "unit_id,nod"), "line 1: missing column node_id (found 'nod_id') (did you mean"),
        ("unit_id,a,B\nu1,1,2\n", "line 1: unknown column 'B' (did you mean 'b'?)"),
        ("unit_id,node_id,value,value\nu1,a,1,1\n", "line 1: duplicate column 'value'"),
        (
            ",unit_id,node_id,value\n0,u1,a,1\n",
            "line 2: column 1 has no name in line 1, but holds '0'; name it, or delete",
        ),
        (observations("u2,a,2", 'u2,a,"2'), "line 3: misplaced quotation mark"),
        (observations("u2,a,2", f"u2,a,{'x' * 140_000}"), "line 3: a cell of more than 131,072 characters"),
        (observations("u2,a,2", "U2,a,2"), "line 3, column unit_id: unknown unit 'U2' (did you mean 'u2'?)"),
        (observations("u2,a,2", "u2,A,2"), "line 3, column node_id: unknown node 'A' (did you mean 'a'?)"),
        (
            GOOD["observations"] + "Total,a,7\n",
            "line 8, column unit_id: unknown unit 'Total'; add it to the file of units",
        ),
        (b"PK\x03\x04\x14\x00\x06", "line 1: the file is a spreadsheet or an archive, not text"),
        ("<!DOCTYPE html>\n<html></html>", "line 1: the file is a web page, not CSV; save it as CSV in UTF-8"),
        ('{"a": 1}', "line 1: the file is JSON, not CSV"),
        (GOOD["observations"].encode("utf-16-le"), "line 1: the file is UTF-16 text; save it as CSV in UTF-8"),
        (observations("u2,a,2", "u2,a,2\x00"), "line 3: control character '\\x00'"),
    ],
)
def test_a_file_in_another_form_says_where_and_what_to_do(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(ScoreError) as error:
        score(tmp_path, observations=content)
    assert f"observations.csv, {message}" in str(error.value)


@pytest.mark.parametrize(
    ("ids", "used", "meant"), [(["001", "002", "003"], "1", "001"), (["1", "2", "3"], "1.0", "1"), (["Môn"], "MON", "")]
)
def test_codes_that_spreadsheets_changed(tmp_path: Path, ids: list[str], used: str, meant: str) -> None:
    units = "unit_id\n" + "\n".join(ids) + "\n"
    with pytest.raises(ScoreError) as error:
        score(tmp_path, units=units, observations=f"unit_id,node_id,value\n{used},a,1\n")
    assert f"unknown unit {used!r}" in str(error.value)
    assert not meant or f"did you mean {meant!r}" in str(error.value)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("framework", "z_score", "ZScore", "line 4, column normalisation: expected one of z_score"),
        ("framework", "a,index,1", "a,index,50%", "line 3, column weight: expected a number such as 12.5, found '50%'"),
        ("framework", "b,index,1,-1", "b,index,1,down", "line 4, column direction: expected 1"),
        ("framework", '""upper""', "\u201cupper\u201d", "line 3, column normalisation_parameters: expected JSON"),
        (
            "framework",
            "index,,1",
            "index,NA,1",
            "line 2, column parent_id: the parent of 'index' is not in the framework",
        ),
        ("units", "u3,30", "u2,30", "line 4, column unit_id: duplicate unit 'u2' (first on line 3)"),
    ],
)
def test_units_and_frameworks(tmp_path: Path, file: str, old: str, new: str, message: str) -> None:
    assert old in GOOD[file]
    changed = {file: GOOD[file].replace(old, new, 1)}
    with pytest.raises(ScoreError) as error:
        score(tmp_path, **changed)
    assert f"{file}.csv, {message}" in str(error.value)


def test_one_unit_with_nearly_all_the_weight_is_an_error(tmp_path: Path) -> None:
    weighted = GOOD["framework"].replace("z_score,,", 'z_score,"{""weighted"": true}",')
    units = "unit_id,weight\nu1,1e90\nu2,1\nu3,1\n"
    with pytest.raises(ScoreError, match=r"line 4, .*'b' has no weighted deviation: .* one unit has nearly all"):
        score(tmp_path, framework=weighted, units=units)
