"""What all pages share: the templates, their common variables, and rows in the form that several pages use.

Belongs here: rendering, and what more than one kind of page needs. pages/ lists the pages.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import jinja2

from missions.site.data import COMPOSITE, Marts, Row
from missions.site.manifest import Project
from missions.site.tables import CONTRIBUTION_COLUMNS, SCORE_COLUMNS, UNCERTAINTY_COLUMNS, as_csv
from missions.site.words import FILTERS

Files = Iterator[tuple[str, str]]

NAVIGATION = [
    ("Missions", "missions.html"),
    ("Indicators", "indicators.html"),
    ("Areas", "areas.html"),
    ("Compare councils", "compare.html"),
    ("What if", "what-if.html"),
    ("Method", "method.html"),
    ("Sources", "sources.html"),
]
KINDS = {
    "region": "Regions",
    "combined-authority": "Combined authorities",
    "integrated-care-board": "Integrated care boards",
    "type": "Types of council",
}


class _Environment(jinja2.Environment):
    """Looks in dictionaries first, as rows are dictionaries: this saves a quarter of the time."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        return obj[attribute] if type(obj) is dict and attribute in obj else super().getattr(obj, attribute)


class Renderer:
    """The templates of a publication's site, with its marts and, if known, the dbt project that built them."""

    def __init__(self, marts: Marts, project: Project | None = None) -> None:
        self.marts = marts
        self.project = project
        self.councils = len(marts.authorities)
        self.reference = sum(a["is_in_reference_set"] for a in marts.authorities)
        self.environment = _Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
            cache_size=-1,
        )
        self.environment.filters |= FILTERS
        self.environment.globals |= {
            "navigation": NAVIGATION,
            "publication_id": marts.labels.publication_id,
            "bands": marts.bands,
            "councils": self.councils,
            "reference_councils": self.reference,
            "indicator_count": len(marts.indicators),
            "mission_count": len(marts.missions),
            "has_comparison": bool(marts.comparison),
            "node_names": marts.indices | {i["indicator_id"]: i["indicator_title"] for i in marts.indicators},
            "units": {i["indicator_id"]: i["unit"] for i in marts.indicators},
            "decimals": {i["indicator_id"]: i["decimals"] for i in marts.indicators},
            "has_uncertainty": any(row["uncertainty"] for row in marts.by_index[COMPOSITE]),
            "kinds": KINDS,
            "framework_pages": [
                (title, address)
                for title, address, rows in (
                    ("The first and the second framework", "frameworks.html", marts.framework_comparison),
                    ("Context indicators", "context.html", marts.context_indicators),
                    ("Findings of 2024", "findings.html", marts.findings),
                )
                if rows
            ],
            "description": None,
        }
        self.group_of = {(group.kind, group.code): group for group in marts.groups}

    def render(
        self, page: str, template: str, title: str, crumbs: list[tuple[str, str | None]], **context: Any
    ) -> tuple[str, str]:
        root = "../" * page.count("/")
        text = self.environment.get_template(template).render(
            root=root, page=page, title=title, crumbs=crumbs, **context
        )
        # HTML closes cells and rows implicitly; without the end tags of 400 large tables the site is a tenth smaller.
        return page, text.replace("</td>", "").replace("</th>", "").replace("</tr>", "")

    def index(self, index_id: str) -> Row:
        return {"index_id": index_id, "index_name": self.marts.indices[index_id]}

    @property
    def indices(self) -> list[Row]:
        """The composite and each mission, in the form that charts use."""
        return [self.index(index_id) for index_id in self.marts.indices]

    def needs(self, index_ids: Iterable[str], members: Iterable[Row] | None = None) -> list[Row]:
        """Scores of all councils, or of some, under each of these indices, in rank order."""
        codes = None if members is None else {member["authority_code"] for member in members}
        rows = (row for index_id in index_ids for row in self.marts.by_index[index_id])
        return [row for row in rows if codes is None or row["authority_code"] in codes]

    def ranked(self, index_id: str, members: Iterable[Row] | None = None) -> list[Row]:
        """Councils in rank order under an index, each with its ranks under the missions."""
        rows = self.needs([index_id], members)
        missions = [mission["mission_id"] for mission in self.marts.missions]
        return [row | {"missions": [self.marts.scores[row["authority_code"]][m] for m in missions]} for row in rows]

    @staticmethod
    def with_polarity(rows: Iterable[Row]) -> list[Row]:
        """Rows of an index, with its polarity: a higher score is always higher need."""
        return [row | {"higher_means": "more_need"} for row in rows]

    def csv(self, rows: Iterable[Row], columns: Iterable[str]) -> str:
        """A download: these columns of the rows, and those that say what they are of."""
        return as_csv(*self.marts.labels.completed_records(rows, list(columns)))

    def scores_csv(self, rows: Iterable[Row]) -> str:
        flat = [
            row["authority"]
            | row
            | (row["uncertainty"] or {})
            | {"higher_means": "more_need", "value_basis": f"{100 * row['published_share']:.0f}% published"}
            for row in rows
        ]
        columns = list(SCORE_COLUMNS)
        for more in (UNCERTAINTY_COLUMNS, CONTRIBUTION_COLUMNS):
            if any(more[0] in row for row in flat):
                columns += more
        return self.csv(flat, columns)

    def milestones(self, area: Row | None, mission_id: str | None = None) -> list[Row]:
        """National milestones with the progress of a council and England, or of England and all regions."""
        marts = self.marts
        own = [area["authority_code"]] if area else [r["region_code"] for r in marts.regions]
        return [
            milestone
            | {
                "progress": [row for code in codes if (row := marts.progress.get((code, milestone["milestone_id"])))],
                "councils": Counter(
                    marts.progress[a["authority_code"], milestone["milestone_id"]]["status"]
                    for a in marts.authorities
                    if (a["authority_code"], milestone["milestone_id"]) in marts.progress
                )
                if area is None
                else {},
            }
            for codes in [[*own, marts.england_code] if area else [marts.england_code, *own]]
            for milestone in marts.milestones
            if mission_id in (None, milestone["mission_id"])
        ]
