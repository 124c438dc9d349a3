"""csv_rules.py: what is refused in any CSV, and numbers that SQL and Python read alike."""

from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missions.csv_rules import (
    BLANKS,
    TYPES,
    CsvFile,
    as_number,
    as_text,
    as_truth,
    column_names,
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


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.one_of(
        st.text("0123456789+-.eE_ ,\tx", max_size=8),
        st.floats().map(str),
        st.integers().map(str),
        st.sampled_from(["1e999", "-1e309", "nan", "inf", "0x10", "1_000", "٣", "1" * 400, "5\u00a0"]),
    )
)
def test_sql_and_python_accept_the_same_numbers(text: str) -> None:
    met = TYPES["number"].is_met_by("$text", BLANKS)
    [(is_number, number)] = duckdb.execute(f"SELECT {met}, TRY_CAST($text AS DOUBLE)", {"text": text}).fetchall()
    found = as_number(text)
    assert is_number == (found is not None)
    assert found is None or number == found


def test_true_and_false_as_spreadsheets_write_them() -> None:
    assert [as_truth(text) for text in ("TRUE", " yes", "1", "No", "0", "false", "", "perhaps")] == [
        *[True] * 3,
        *[False] * 3,
        *[None] * 2,
    ]


def test_a_long_value_is_shortened() -> None:
    assert shown("x" * 100) == repr("x" * 60 + "…")
    assert (shown(None), shown("")) == ("nothing", "an empty cell")
