"""LibreOffice opens the workbook and keeps what is in it: values, dates, filters, links and names."""

import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.tools,
    pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed (libreoffice-calc-nogui)"),
]


@pytest.fixture(scope="module")
def workbooks(publication: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The published workbook, and the same opened and saved again by LibreOffice."""
    folder = tmp_path_factory.mktemp("office")
    words = [f"-env:UserInstallation=file://{folder}/profile", "--headless", "--norestore"]
    workbook = publication / "missions_index.xlsx"
    ran = subprocess.run(
        [str(OFFICE), *words, "--convert-to", "xlsx", "--outdir", str(folder), str(workbook)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr
    return workbook, folder / workbook.name


def test_every_value_of_every_sheet_is_kept(workbooks: tuple[Path, Path]) -> None:
    ours, saved = (CalamineWorkbook.from_path(path) for path in workbooks)
    assert saved.sheet_names == ours.sheet_names
    for name in ours.sheet_names:
        rows, kept = (book.get_sheet_by_name(name).to_python() for book in (ours, saved))
        assert len(kept) == len(rows), name
        # LibreOffice writes fifteen digits of a number, and the type of a value stays.
        for row, same in zip(rows, kept, strict=True):
            if row != same:
                for value, found in zip(row, same, strict=True):
                    assert type(found) is type(value), f"{name}: {value!r} became {found!r}"
                    expected = pytest.approx(value, rel=1e-13) if isinstance(value, float) else value
                    assert found == expected, name


def test_filters_names_and_links_are_kept_and_nothing_is_a_formula(workbooks: tuple[Path, Path]) -> None:
    ours, saved = (_structure(path) for path in workbooks)
    # LibreOffice without a window forgets where a sheet is frozen when it saves.
    assert ours["frozen"] == ["A2"] * len(ours["links"])
    assert saved["filters"] == ours["filters"]
    assert len(ours["filters"]) == len(ours["links"])
    assert saved["names"] >= ours["names"]
    assert saved["links"] == ours["links"]
    assert len(ours["notes"]) > len(ours["filters"])  # one for each column
    assert sorted(saved["notes"]) == sorted(ours["notes"])
    assert not ours["formulas"]
    assert set(saved["formulas"]) <= {"TRUE()", "FALSE()"}  # LibreOffice's way to write a flag


def _structure(path: Path) -> dict[str, list[str]]:
    """Where each sheet but the cover is frozen and filtered, the names, the cover's links and all formulas."""
    found: dict[str, list[str]] = {"frozen": [], "filters": [], "formulas": []}
    with zipfile.ZipFile(path) as archive:
        book = archive.read("xl/workbook.xml").decode()
        found["names"] = set(re.findall(r'<definedName[^>]* name="(\w+)"', book)) - {"_xlnm._FilterDatabase"}
        cover = archive.read("xl/worksheets/sheet1.xml").decode()
        found["links"] = [
            target.replace("&apos;", "").strip("'#").partition("!")[0].strip("'")
            for target in re.findall(r'<hyperlink [^>]*location="([^"]+)"', cover)
        ]
        notes = [archive.read(name).decode() for name in archive.namelist() if re.search(r"/comments\d+\.xml", name)]
        found["notes"] = [ref for text in notes for ref in re.findall(r'<comment ref="(\w+)"', text)]
        sheets = [name for name in archive.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name)]
        for number in range(2, len(sheets) + 1):
            text = archive.read(f"xl/worksheets/sheet{number}.xml").decode()
            found["frozen"] += re.findall(r'<pane [^>]*topLeftCell="([A-Z]+\d+)"', text)
            found["filters"] += re.findall(r'<autoFilter ref="([^"]+)"', text)
            found["formulas"] += re.findall(r"<f[^>]*>([^<]*)</f>", text)
    return found
