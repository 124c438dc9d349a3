"""What all pages share: the templates, their common variables, and rows in the form that several pages use.

Belongs here: rendering, and what more than one kind of page needs. pages/ lists the pages.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2

from missions.publication.folder import kept
from missions.reading.certainty import CERTAINTY
from missions.reading.wording import publication_day, type_words
from missions.site.cards import CARD, CARD_SIZE
from missions.site.charts import Atlas
from missions.site.data import COMPOSITE, Marts, Row
from missions.site.dataset import dataset
from missions.site.manifest import Project
from missions.site.settings import Settings
from missions.site.shapes import outlines
from missions.site.tables import CONTRIBUTION_COLUMNS, SCORE_COLUMNS, UNCERTAINTY_COLUMNS, as_csv
from missions.site.words import FILTERS

Files = Iterator[tuple[str, str | bytes]]

NAVIGATION = [
    ("Missions", "missions.html"),
    ("Indicators", "indicators.html"),
    ("Areas", "areas.html"),
    ("Compare councils", "compare.html"),
    ("What if", "what-if.html"),
    ("Method", "method.html"),
    ("Sources", "sources.html"),
    ("Download", "download.html"),
]
KINDS = {
    "region": "Regions",
    "combined-authority": "Combined authorities",
    "integrated-care-board": "Integrated care boards",
    "type": "Types of council",
}


# A quoted value that needs no quotes. Text has no such quotes, as they are escaped there.
_QUOTED = re.compile(r'="([\w.%#:/-]*[\w%#])"(?=[ >])')


class _Environment(jinja2.Environment):
    """Looks in dictionaries first, as rows are dictionaries: this saves a quarter of the time."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        return obj[attribute] if type(obj) is dict and attribute in obj else super().getattr(obj, attribute)


class Renderer:
    """The templates of a publication's site, with its marts and, if known, the dbt project that built them."""

    def __init__(
        self,
        marts: Marts,
        project: Project | None = None,
        settings: Settings | None = None,
        folder: Path | None = None,
    ) -> None:
        self.marts = marts
        self.folder = folder  # of the publication
        self.settings = settings or Settings()
        self.project = project
        self.publication_id = marts.labels.publication_id
        self.councils = len(marts.authorities)
        self.reference = sum(a["is_in_reference_set"] for a in marts.authorities)
        self.environment = self._environment()
        self.group_of = {(group.kind, group.code): group for group in marts.groups}

    @cached_property
    def publications(self) -> list[str]:
        """The ids of the publications that are kept, newest first, this one among them."""
        if self.folder is None or self.publication_day is None:
            return []
        others = {folder.name for folder in kept(self.folder.parent.parent)}
        return sorted(others | {self.publication_id}, reverse=True)

    @property
    def publication_day(self) -> date | None:
        return publication_day(self.publication_id)

    @cached_property
    def atlas(self) -> Atlas:
        """What every map and distribution needs of the councils."""
        councils = self.marts.authorities
        return Atlas(
            outlines(self.marts.boundaries),
            names={a["authority_code"]: a["authority_name"] for a in councils},
            regions={a["authority_code"]: a["region_name"] for a in councils},
            types={a["authority_code"]: type_words(a["authority_type"]) for a in councils},
        )

    def _environment(self) -> _Environment:
        """The templates' environment, with the filters and what every page says."""
        environment = _Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
            cache_size=-1,
        )
        environment.filters |= FILTERS
        environment.globals |= {
            "navigation": NAVIGATION,
            "bands": self.marts.bands,
            "councils": self.councils,
            "reference_councils": self.reference,
            "indicator_count": len(self.marts.indicators),
            "mission_count": len(self.marts.missions),
            "has_comparison": bool(self.marts.comparison),
            "node_names": self.marts.indices | {i["indicator_id"]: i["indicator_title"] for i in self.marts.indicators},
            "units": {i["indicator_id"]: i["unit"] for i in self.marts.indicators},
            "decimals": {i["indicator_id"]: i["decimals"] for i in self.marts.indicators},
            "has_uncertainty": any(row["uncertainty"] for row in self.marts.by_index[COMPOSITE]),
            "kinds": KINDS,
            "certainties": CERTAINTY,
            "framework_pages": [
                (title, address)
                for title, address, rows in (
                    ("The first and the second framework", "frameworks.html", self.marts.framework_comparison),
                    ("Context indicators", "context.html", self.marts.context_indicators),
                    ("Findings of 2024", "findings.html", self.marts.findings),
                )
                if rows
            ],
            "settings": self.settings,
            "publication_id": self.publication_id,
            "publication_day": self.publication_day,
            "has_feed": bool(self.publications),
            "dataset": None,
            "card_size": CARD_SIZE,
        }
        return environment

    def render(
        self, page: str, template: str, title: str, crumbs: list[tuple[str, str | None]], **context: Any
    ) -> tuple[str, str]:
        """A page's path and its text. context: what its template uses, and what it says otherwise than other pages."""
        pinned = self.settings.absolute(f"publication/{self.publication_id}/{page}") if self.publication_id else ""
        shared = {
            "root": "../" * page.count("/"),  # from the page to the root of the site
            "description": f"{title}: need of England's {self.councils} councils under the Government's five missions, "
            f"from {len(self.marts.indicators)} public indicators, with every source and how far to trust it.",
            "canonical": self.settings.absolute(page),
            "pinned": pinned,
            "card": CARD,
        }
        text = self.environment.get_template(template).render(
            shared | {"page": page, "title": title, "crumbs": crumbs} | context
        )
        # HTML closes cells and rows implicitly, and needs no quotes around simple values: the site is a sixth smaller.
        text = text.replace("</td>", "").replace("</th>", "").replace("</tr>", "")
        return page, _QUOTED.sub(r"=\1", text)

    def dataset(self, name: str, description: str, page: str, files: Mapping[str, str]) -> str:
        """What a page states for search engines about its data."""
        return dataset(self.settings, self.publication_id, name, description, page, files)

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
