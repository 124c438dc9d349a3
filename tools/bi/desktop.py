"""Tableau's data source and Power BI's connection, made from the definition. Neither program has opened them.

Belongs here: the layout of a .tds and a .pbids file. Both read the CSV and Parquet files of a publication.
"""

import json
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from tools.bi.definition import Dataset

_TABLE = "authority_profile"  # one row per council, with names, scores and ranks
_FOLDER = r"C:\missions-index\published"
# Tableau's type, role and level of measurement by DuckDB's type.
_KINDS = {
    "VARCHAR": ("string", "dimension", "nominal"),
    "BOOLEAN": ("boolean", "dimension", "nominal"),
    "DATE": ("date", "dimension", "ordinal"),
    "BIGINT": ("integer", "measure", "quantitative"),
    "DOUBLE": ("real", "measure", "quantitative"),
}


def tableau(profile: Dataset) -> str:
    """A Tableau data source over csv/authority_profile.csv, with what its columns mean."""
    source = Element("datasource", {"formatted-name": profile.title, "inline": "true", "version": "18.1"})
    connection = SubElement(source, "connection", {"class": "federated"})
    connections = SubElement(connection, "named-connections")
    named = SubElement(connections, "named-connection", {"caption": _TABLE, "name": "csv"})
    file = f"{_TABLE}.csv"
    where = {"class": "textscan", "directory": f"{_FOLDER}\\csv", "filename": file, "password": "", "server": ""}
    SubElement(named, "connection", where)
    relation = {"connection": "csv", "name": file, "table": f"[{_TABLE}#csv]", "type": "table"}
    columns = SubElement(
        SubElement(connection, "relation", relation),
        "columns",
        {"character-set": "UTF-8", "header": "yes", "locale": "en_GB", "separator": ","},
    )
    for ordinal, column in enumerate(profile.columns):
        kind, role, level = _KINDS[column.type]
        SubElement(columns, "column", {"datatype": kind, "name": column.name, "ordinal": str(ordinal)})
        shown = {"caption": column.title, "datatype": kind, "name": f"[{column.name}]", "role": role, "type": level}
        if role == "measure":
            shown["aggregation"] = "Avg"
        described = SubElement(source, "column", shown)
        text = SubElement(SubElement(described, "desc"), "formatted-text")
        SubElement(text, "run").text = column.description
    indent(source)
    return "<?xml version='1.0' encoding='utf-8' ?>\n" + tostring(source, encoding="unicode") + "\n"


def power_bi() -> str:
    """A Power BI connection to the folder of Parquet files; Power BI asks which to load."""
    address = {"path": f"{_FOLDER}\\parquet"}
    connections = [{"details": {"protocol": "folder", "address": address}, "mode": "Import"}]
    return json.dumps({"version": "0.1", "connections": connections}, indent=2) + "\n"
