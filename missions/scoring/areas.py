"""The file of areas that someone draws: its rows checked, and the councils that each area holds.

Belongs here: what such a file may say, and the example files that a publication has. What the areas' figures are is in
regroup.py.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from missions.csv_rules import as_number, misfit, nearest, shown
from missions.errors import UsageError
from missions.scoring.user_file import UserFile

_CODES = ("authority_code", "small_area_code")
_REQUIRED = ("area_id", "area_name")
_OPTIONAL = (*_CODES, "share", "status")
_FORM = "; a row is one council (authority_code) or one small area (small_area_code) of an area"

# Areas that a publication knows, by the name of the example; columns as in the file.
_EXAMPLES = {
    "authorities": """
        SELECT authority_code AS area_id, authority_name AS area_name, authority_code, NULL AS status
        FROM published.marts.dim_authority ORDER BY authority_code
    """,
    "counties": """
        SELECT county_code AS area_id, county_name AS area_name, authority_code, NULL AS status
        FROM published.marts.dim_authority WHERE county_code IS NOT NULL ORDER BY county_code, authority_code
    """,
    "combined-authorities": """
        SELECT combined_authority_code AS area_id, combined_authority_name AS area_name, authority_code, NULL AS status
        FROM published.marts.dim_authority
        WHERE combined_authority_code IS NOT NULL AND tier != 'upper'
        ORDER BY combined_authority_code, authority_code
    """,
    "coming-councils": """
        SELECT coming_council_name AS area_id, coming_council_name AS area_name, authority_code,
            status || '; vesting ' || vesting_date AS status
        FROM published.marts.coming_council WHERE is_complete ORDER BY coming_council_name, authority_code
    """,
}
EXAMPLES = tuple(_EXAMPLES)


@dataclass
class Area:
    """An area: the share of each council's residents that it holds, and the code of the one council that it is."""

    area_id: str
    name: str
    status: str | None = None
    members: dict[str, float] = field(default_factory=dict)
    whole_council: str | None = None


def example_areas(connection: duckdb.DuckDBPyConnection, example: str) -> tuple[list[Area], list[str]]:
    """The areas of an example, and notes on those left out. The publication is attached as `published`.

    Raises UsageError, with the names, for an unknown example.
    """
    if example not in _EXAMPLES:
        raise UsageError(f"No example named {example!r}{nearest(example, EXAMPLES)}. Examples: {', '.join(EXAMPLES)}")
    areas: dict[str, Area] = {}
    for area_id, name, code, status in connection.execute(_EXAMPLES[example]).fetchall():
        area = areas.setdefault(area_id, Area(area_id, name, status))
        area.members[code] = 1.0
    for area in areas.values():
        if example == "authorities":
            area.whole_council = area.area_id
            area.members = dict.fromkeys(_Codes(connection).districts(area.area_id), 1.0)
    return list(areas.values()), _parts_known_so_far(connection) if example == "coming-councils" else []


def _parts_known_so_far(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        """
        SELECT coming_council_name, any_value(vesting_date), any_value(status),
            string_agg(authority_name || if(is_whole, '', ' (in part or unclear)'), '; ' ORDER BY authority_name)
        FROM published.marts.coming_council WHERE NOT is_complete
        GROUP BY coming_council_name ORDER BY coming_council_name
        """
    ).fetchall()
    return [
        f"{name} ({status}; vesting {day}): no figures, as its parts are not all known. Parts known so far: {parts}"
        for name, day, status, parts in rows
    ]


def read_areas(connection: duckdb.DuckDBPyConnection, path: Path) -> list[Area]:
    """The areas of the file. The publication is attached as `published`.

    Raises ScoreError for the first fault: an unknown code, parts that overlap, or a share that is not one.
    """
    file = UserFile.at(path, _REQUIRED, _OPTIONAL, _FORM)
    if not set(_CODES) & set(file.columns(file.data().decode("utf-8-sig"))):
        raise file.fault(f"missing column authority_code or small_area_code{_FORM}", 1)
    reader = _Reader(file, _Codes(connection))
    for line, row in file.rows():
        reader.add(line, row)
    return list(reader.areas.values())


@dataclass
class _Codes:
    """The codes of a publication: councils, the districts of counties, small areas and former codes."""

    connection: duckdb.DuckDBPyConnection

    def __post_init__(self) -> None:
        rows = self._rows("SELECT authority_code, current_code, county_code, authority_name FROM {}.dim_authority")
        self.names: Mapping[str, str] = {code: name for code, _, _, name in rows}
        self.by_name = {name.casefold(): code for code, name in self.names.items()}
        self.current = {current: code for code, current, _, _ in rows}
        self.county = {code: county for code, _, county, _ in rows if county}
        self.small_areas: Mapping[str, tuple[str, float]] = {}

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query.format("published.marts")).fetchall()

    def districts(self, code: str) -> list[str]:
        """The districts of a county, or the council itself."""
        return [district for district, county in self.county.items() if county == code] or [code]

    def council(self, text: str) -> str | None:
        """The December 2024 code of a council, from that code or its current one."""
        return text if text in self.names else self.current.get(text)

    def small_area(self, text: str) -> tuple[str, float] | None:
        """The council of a small area, and the share of its residents who live there."""
        if not self.small_areas:
            self.small_areas = {
                code: (council, share)
                for code, council, share in self._rows(
                    "SELECT small_area_code, authority_code, "
                    "residents / sum(residents) OVER (PARTITION BY authority_code) "
                    "FROM {}.small_area_index WHERE is_overall"
                )
            }
        return self.small_areas.get(text)

    def hint(self, text: str) -> str:
        """What an unknown code may mean: a council's name, a former code, or a similar code."""
        if code := self.by_name.get(text.casefold()):
            return f"; the code of {self.names[code]} is {code}"
        former = self.connection.execute(
            "SELECT DISTINCT authority_code FROM published.marts.dim_area_code WHERE area_code = $code", {"code": text}
        ).fetchall()
        if former:
            return "; it is a former code, now part of " + ", ".join(
                f"{self.names[code]} ({code})" for (code,) in former if code in self.names
            )
        return nearest(text, self.names) or "; expected the code of an English council in December 2024 or today"


class _Reader:
    """The areas read so far, and on which line each part was given."""

    def __init__(self, file: UserFile, codes: _Codes) -> None:
        self.file, self.codes = file, codes
        self.areas: dict[str, Area] = {}
        self._given: dict[tuple[str, str], int] = {}

    def add(self, line: int, row: Mapping[str, str]) -> None:
        """Add a row to its area, or raise the first fault in it."""
        area = self._area(line, row)
        given = {name: row[name] for name in _CODES if row.get(name)}
        if len(given) != 1:
            problem = "a code in both columns; give one" if given else "no code"
            raise self.file.fault(f"{problem}{_FORM}", line, _CODES[0])
        [(column, code)] = given.items()
        share = self._share(line, row.get("share", ""))
        first = not area.members
        for part, council, held in self._parts(line, column, code, share):
            self._claim(line, column, area, part, council)
            area.members[council] = area.members.get(council, 0.0) + held
        # More than one row makes an area of its own, even if the rows are the districts of one county.
        area.whole_council = self.codes.council(code) if first and column == _CODES[0] and share == 1 else None

    def _area(self, line: int, row: Mapping[str, str]) -> Area:
        for name in _REQUIRED:
            if not row[name]:
                raise self.file.fault(f"an empty {name}; every row names its area", line, name)
        area = self.areas.setdefault(row["area_id"], Area(row["area_id"], row["area_name"], row.get("status") or None))
        if area.name != row["area_name"]:
            problem = f"{shown(row['area_name'])} for area {shown(area.area_id)}, which is {shown(area.name)} above"
            raise self.file.fault(problem, line, "area_name")
        return area

    def _share(self, line: int, text: str) -> float:
        share = as_number(text) if text else 1.0
        if share is None or not 0 < share <= 1:
            problem = misfit(text, "a share above 0 and up to 1, or an empty cell for all of it")
            raise self.file.fault(problem, line, "share")
        return share

    def _parts(self, line: int, column: str, code: str, share: float) -> Iterator[tuple[str, str, float]]:
        """The parts that a code stands for: each with its council and the share of that council's residents."""
        if column == "small_area_code":
            found = self.codes.small_area(code)
            if found is None:
                raise self.file.fault(f"unknown small area {shown(code)}; expected a code of 2021", line, column)
            yield code, found[0], share * found[1]
            return
        council = self.codes.council(code)
        if council is None:
            raise self.file.fault(f"unknown council {shown(code)}{self.codes.hint(code)}", line, column)
        for district in self.codes.districts(council):
            yield district, district, share

    def _claim(self, line: int, column: str, area: Area, part: str, council: str) -> None:
        """Check that no earlier row of the area holds this part, its council or small areas of it."""
        whole = self._given.get((area.area_id, council))
        inside = self._given.get((area.area_id, f"{council}/small areas"))
        earlier = self._given.get((area.area_id, part)) or whole or (inside if part == council else None)
        if earlier:
            name, county = self.codes.names[council], self.codes.county.get(council)
            of_county = f" (a district of {self.codes.names[county]})" if county else ""
            raise self.file.fault(
                f"{name}{of_county} is in area {shown(area.area_id)} twice, first by line {earlier}; "
                "an area holds each place once: a county or its districts, a council or its small areas",
                line,
                column,
            )
        self._given[area.area_id, part] = line
        if part != council:
            self._given.setdefault((area.area_id, f"{council}/small areas"), line)
