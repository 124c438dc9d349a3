"""csv_rules.py: what is refused in any CSV, and numbers that SQL and Python read alike."""

from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missions.csv_rules import (
    INVISIBLE,
    SPACES,
    CsvFile,
    as_number,
    as_text,
    as_truth,
    column_names,
    named,
    named_sql,
    number_misfit,
    number_sql,
    read_bytes,
    read_rows,
    shown,
)
from missions.errors import FileFault


@pytest.fixture
def file(tmp_path: Path) -> CsvFile:
    return CsvFile(tmp_path / "a.csv", "a.csv", FileFault, "Fix it.")


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b"", None, "the file is empty"),
        (b" \r\n\n", None, "the file is empty"),
        ("a,b\n".encode("utf-16"), 1, "UTF-16"),
        (b"PK\x03\x04\x00", 1, "not text"),
        (b"a,b\r\n1,2\x1b\r\n", 2, "control character '\\x1b'"),
        (b"a,b\r1,2\r3,\x00\r", 3, "control character '\\x00'"),
        (b"\xef\xbb\xbfa,b\n1,caf\xe9\n", 2, "byte 0xe9 is not UTF-8"),
    ],
)
def test_what_is_not_text_is_refused(file: CsvFile, data: bytes, line: int | None, message: str) -> None:
    with pytest.raises(FileFault) as caught:
        as_text(file, data)
    assert message in caught.value.problem
    assert (caught.value.path, caught.value.line) == ("a.csv", line)
    assert str(caught.value).endswith(". Fix it.")


def test_a_byte_order_mark_and_a_tab_are_text(file: CsvFile) -> None:
    assert as_text(file, "\ufeffa,b\n\t,é\n".encode()) == "a,b\n\t,é\n"


def test_a_missing_file_or_a_folder_is_refused(file: CsvFile) -> None:
    with pytest.raises(FileFault, match="the file is missing"):
        read_bytes(file)
    file.path.mkdir()
    with pytest.raises(FileFault, match="cannot be read"):
        read_bytes(file)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_another_separator_is_named(file: CsvFile, separator: str) -> None:
    with pytest.raises(FileFault) as caught:
        column_names(file, f"a{separator}b\n")
    assert repr(separator) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "one_line_each", "line", "message"),
    [
        ("a,b\n1\n", False, 2, "expected 2 cells, found 1"),
        ("a,b\n\n\n1,2,3\n", False, 4, "expected 2 cells, found 3"),
        ("a,b\n1,2\n\n", True, 3, "expected 2 cells, found 0"),
        ('a,b\n1,"2\n3"\n', True, 2, "quotation mark"),
        ('a,b\n1,"2\n', False, 2, "quotation mark"),
        ('a,b\n1,2\n1,"2"3\n', False, 3, "quotation mark"),
    ],
)
def test_a_malformed_row_is_refused(file: CsvFile, text: str, one_line_each: bool, line: int, message: str) -> None:
    with pytest.raises(FileFault) as caught:
        list(read_rows(file, text, one_line_each=one_line_each))
    assert message in str(caught.value)
    assert caught.value.line == line


def test_rows_come_with_the_number_of_their_first_line(file: CsvFile) -> None:
    text = 'a,b\r\n1,"2\r\n3"\r\n\r\n4,5'
    assert list(read_rows(file, text)) == [(2, ["1", "2\r\n3"]), (5, ["4", "5"])]


WRITTEN = st.text(f"0123456789+-.eE_,x%[]<*:\u2212{SPACES}{INVISIBLE}", max_size=10)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(
    st.one_of(
        WRITTEN,
        st.text(max_size=6),
        st.floats().map(str),
        st.integers().map(str),
        st.integers(-999_999_999, 999_999_999).map(lambda number: f"{number:,}".replace(",", "\u202f")),
        st.sampled_from(
            ["1e999", "-1e309", "1e-999", "0e-999", "nan", "inf", "0x10", "1_000", "٣", "1" * 400, "1e100"]
        ),
        st.sampled_from(
            ["[c]", "[x]", "[z]", "[low]", "..", ":", "-", "*", "<5", "NA", "\u22125", "1 234.5", "\ufeff5\u00a0"]
        ),
    )
)
def test_sql_and_python_read_the_same_numbers(text: str) -> None:
    query = f"SELECT {number_sql('$text')}, {named_sql('$text')}"
    assert duckdb.execute(query, {"text": text}).fetchall() == [(as_number(text), named(text) or None)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("14.5\u00a0", 14.5),
        ("\ufeff\u200b14.5", 14.5),
        ("1\u202f234\u202f567.5", 1234567.5),
        ("12 345", 12345),
        ("\u22125", -5),
        ("1,234", None),  # a decimal comma or a thousands mark
        ("1 23", None),
        ("1234 567", None),
        ("1\n234", None),
        ("1e101", None),
        ("-1e-101", None),
        ("0", 0),
    ],
)
def test_numbers_as_spreadsheets_write_them(text: str, number: float | None) -> None:
    assert as_number(text) == number


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[c]", "found '[c]'; leave the cell empty where there is no figure"),
        ("<5", "found '<5'; leave the cell empty where there is no figure"),
        ("1,234", "use a decimal point and no thousands separator"),
        ("12%", "write the number without its unit"),
        ("£5", "write the number without its unit"),
        ("1e200", "expected a number that is 0 or from 1e-100 to 1e+100 in size, found '1e200'"),
    ],
)
def test_a_number_that_is_refused_comes_with_a_remedy(text: str, hint: str) -> None:
    assert hint in number_misfit(text)


def test_what_spreadsheets_leave_at_the_edges_is_passed_over(file: CsvFile) -> None:
    text = "a,b,,\r\n1,2,,\r\n,,,\r\n3,4\r\n,,,,,,\r\n5,6,,,,\r\n"
    assert [(line, cells[:2]) for line, cells in read_rows(file, text)] == [
        (2, ["1", "2"]),
        (4, ["3", "4"]),
        (6, ["5", "6"]),
    ]
    with pytest.raises(FileFault, match="line 2: expected 4 cells, found 5"):
        list(read_rows(file, "a,b,,\n1,2,,,x\n"))
    with pytest.raises(FileFault, match=r"line 1: .*'sep=,'; delete it"):
        column_names(file, "sep=,\na,b\n")


def test_true_and_false_as_spreadsheets_write_them() -> None:
    assert [as_truth(text) for text in ("TRUE", " yes", "1", "No", "0", "false", "", "perhaps")] == [
        *[True] * 3,
        *[False] * 3,
        *[None] * 2,
    ]


def test_a_long_value_is_shortened() -> None:
    assert shown("x" * 100) == repr("x" * 60 + "…")
    assert (shown(None), shown("")) == ("nothing", "an empty cell")
