"""What BI tools import is up to date, and has the layout that each tool documents."""

import json
from pathlib import Path
from xml.etree.ElementTree import fromstring

import duckdb
import yaml

from tests.conftest import ROOT
from tools.bi.__main__ import files


def test_the_files_are_those_of_the_definition(publication: Path) -> None:
    made = files(publication)
    for name, text in made.items():
        assert (ROOT / "deploy" / name).read_text(encoding="utf-8") == text, f"deploy/{name}: run `make docs`"
    kept = {str(path.relative_to(ROOT / "deploy")) for path in (ROOT / "deploy/superset/bundle").rglob("*.yaml")}
    assert kept == {name for name in made if name.startswith("superset/")}


def test_superset_may_only_read(publication: Path) -> None:
    database = yaml.safe_load(files(publication)["superset/bundle/databases/missions_index.yaml"])
    assert database["sqlalchemy_uri"].endswith("?access_mode=READ_ONLY")
    assert not any(database[name] for name in ("allow_dml", "allow_ctas", "allow_cvas", "allow_file_upload"))
    config = database["extra"]["engine_params"]["connect_args"]["config"]
    assert config["lock_configuration"] and not config["enable_external_access"]


def test_tableau_and_power_bi_name_published_files(publication: Path, database: Path) -> None:
    source = fromstring(files(publication)["bi/missions_index.tds"])
    assert (source.tag, source.attrib["version"]) == ("datasource", "18.1")
    [connection] = source.findall("connection")
    assert [child.tag for child in connection] == ["named-connections", "relation"]
    [text] = connection.findall("named-connections/named-connection/connection")
    assert text.attrib["class"] == "textscan"
    assert (publication / "csv" / text.attrib["filename"]).is_file()
    listed = [column.attrib["name"] for column in connection.findall("relation/columns/column")]
    with (publication / "csv" / text.attrib["filename"]).open(encoding="utf-8") as file:
        assert listed == file.readline().strip().split(",")
    with duckdb.connect(str(database), read_only=True) as reader:
        comments = dict(
            reader.execute(
                "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'authority_profile'"
            ).fetchall()
        )
    shown = {column.attrib["name"].strip("[]"): column for column in source.findall("column")}
    assert {name: column.findtext("desc/formatted-text/run") for name, column in shown.items()} == comments
    assert {column.attrib["role"] for column in shown.values()} == {"dimension", "measure"}
    pbids = json.loads(files(publication)["bi/missions_index.pbids"])
    [only] = pbids["connections"]
    assert (pbids["version"], only["details"]["protocol"], only["mode"]) == ("0.1", "folder", "Import")
    folder = only["details"]["address"]["path"].rpartition("\\")[2]
    assert (publication / folder).is_dir()
