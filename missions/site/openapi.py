"""The OpenAPI description of the files in api/v1: what each holds, its types and units.

Belongs here: the description. pages/api.py writes the files.
"""

from typing import Any

from missions.reading.wording import BASES

VERSION = "v1"
ROOT = f"api/{VERSION}"

_TEXT, _NUMBER, _WHOLE = {"type": "string"}, {"type": "number"}, {"type": "integer"}
_MAYBE_NUMBER, _MAYBE_TEXT = {"type": ["number", "null"]}, {"type": ["string", "null"]}
_DATE = {"type": "string", "format": "date"}
_RANK = {"type": "integer", "minimum": 1, "description": "1 is the highest need; ties share the lower number"}
_BASIS = {
    "enum": list(BASES),
    "description": "how the value was obtained; only `published` is the council's own figure",
}


def _object(description: str = "", **properties: Any) -> dict[str, Any]:
    """A schema of an object with exactly these properties."""
    made = {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}
    return made | ({"description": description} if description else {})


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _by(schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": schema, "description": description}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


SCHEMAS: dict[str, dict[str, Any]] = {
    "Score": _object(
        "A council's need under one mission, or under all (`composite`).",
        need_score=_NUMBER | {"description": "100 is the average, 110 one standard deviation more need"},
        need_rank=_RANK,
        rank_percentile_5=_MAYBE_NUMBER | {"description": "lower end of the 90% interval of the rank"},
        rank_percentile_95=_MAYBE_NUMBER | {"description": "upper end of the 90% interval of the rank"},
        need_band={"enum": ["very high", "high", "medium", "low", "very low"]},
        published_share=_NUMBER | {"description": "share of the weight from the council's own figures, 0 to 1"},
        is_too_uncertain_to_place={"type": "boolean"},
    ),
    "Value": _object(
        "A council's figure on one indicator, in the indicator's unit.",
        value=_NUMBER,
        value_basis=_BASIS,
        period_end_date=_DATE,
        need_rank=_RANK,
    ),
    "Publication": _object(publication_id=_TEXT, licence=_TEXT),
    "Index": _object(
        "What there is: the ids and codes by which the other files are named.",
        publication=_ref("Publication"),
        councils=_by(_TEXT, "name by December 2024 ONS code"),
        missions=_by(_TEXT, "name by id; `composite` is all missions together"),
        indicators=_by(_TEXT, "title by id"),
        areas=_list(_object(kind=_TEXT, code=_TEXT, name=_TEXT)),
    ),
    "Council": _object(
        publication=_ref("Publication"),
        authority_code=_TEXT,
        authority_name=_TEXT,
        authority_type=_TEXT,
        region_code=_TEXT,
        combined_authority_code=_MAYBE_TEXT,
        population=_WHOLE,
        scores=_by(_ref("Score"), "by mission id"),
        values=_by(_ref("Value"), "by indicator id"),
    ),
    "Indicator": _object(
        publication=_ref("Publication"),
        indicator_id=_TEXT,
        indicator_title=_TEXT,
        mission_id=_TEXT,
        theme_id=_TEXT,
        definition=_TEXT,
        unit=_TEXT,
        higher_means={"enum": ["more_need", "less_need"]},
        publisher=_TEXT,
        dataset=_TEXT,
        landing_page=_TEXT,
        licence=_TEXT,
        caveat=_MAYBE_TEXT,
        latest_period_end_date=_DATE,
        england_value=_MAYBE_NUMBER,
        values=_by(_NUMBER, "value by council code"),
    ),
    "Mission": _object(
        publication=_ref("Publication"),
        mission_id=_TEXT,
        mission_name=_TEXT,
        indicators=_list(_TEXT),
        ranks=_by(_RANK, "by council code"),
        scores=_by(_NUMBER, "need score by council code"),
    ),
    "Area": _object(
        publication=_ref("Publication"),
        kind={"enum": ["region", "combined-authority", "integrated-care-board"]},
        code=_TEXT,
        name=_TEXT,
        councils=_list(_TEXT),
        summary=_by(
            _object(
                authorities=_WHOLE,
                in_most_needy_fifth=_WHOLE,
                population_weighted_need_score=_MAYBE_NUMBER,
            ),
            "by mission id",
        ),
    ),
}
_PATHS = {
    "index.json": ("Index", "All ids and codes", ()),
    "council/{code}.json": ("Council", "One council: scores, ranks and its figures", ("code",)),
    "indicator/{id}.json": ("Indicator", "One indicator: definition, source and the figures of all councils", ("id",)),
    "mission/{id}.json": ("Mission", "One mission: ranks and scores of all councils", ("id",)),
    "area/{kind}/{code}.json": ("Area", "One region, combined authority or care board", ("kind", "code")),
}


def schema_of(path: str) -> str:
    """The name of the schema that a file under api/v1 follows."""
    return next(name for pattern, (name, *_) in _PATHS.items() if pattern.split("/")[0] == path.split("/")[0])


def description(address: str, publication_id: str) -> dict[str, Any]:
    """The OpenAPI document. address: of the site's root, or empty."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Missions Index",
            "version": publication_id or VERSION,
            "description": "Static files, rewritten with each publication; no key is needed. Names and units as in the "
            "data dictionary. Fields are only ever added within v1.",
            "license": {"name": "Open Government Licence v3.0"},
        },
        "servers": [{"url": f"{address}{ROOT}" if address else "."}],
        "paths": {
            f"/{path}": {
                "get": {
                    "summary": summary,
                    "parameters": [
                        {"name": name, "in": "path", "required": True, "schema": _TEXT} for name in parameters
                    ],
                    "responses": {
                        "200": {"description": summary, "content": {"application/json": {"schema": _ref(schema)}}},
                        "404": {"description": "no such id or code"},
                    },
                }
            }
            for path, (schema, summary, parameters) in _PATHS.items()
        },
        "components": {"schemas": SCHEMAS},
    }
