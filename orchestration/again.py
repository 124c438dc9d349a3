"""Which assets must be made again after which changes, on the side of too many.

Belongs here: from the parts of built.py to assets. Running them is the job of run.py.
"""

from collections.abc import Sequence

import dagster as dg

from missions.sources import registry
from orchestration.assets import publication, publication_change, site, warehouse_models
from orchestration.dbt import manifest, translator

# Code on which no more than these hang; the scores by cause are worked out by missions/scoring.
_ROOMS = {
    "missions/cli": [],
    "missions/publication": [publication_change.key, publication.key],
    "missions/scoring": [publication_change.key, publication.key],
    "missions/reading": [site.key],
    "missions/site": [site.key],
}


def assets_behind(changed: Sequence[str], defs: dg.Definitions) -> set[dg.AssetKey] | None:
    """The assets that hang on what has changed; None where that may be everything."""
    first: set[dg.AssetKey] = set()
    for part in changed:
        found = _first_behind(part)
        if found is None:
            return None
        first.update(found)
    return set(dg.AssetSelection.assets(*first).downstream().resolve(defs.resolve_asset_graph())) if first else set()


def _first_behind(part: str) -> Sequence[dg.AssetKey] | None:
    folder, _, name = part.partition("/")
    if part in _ROOMS:
        return _ROOMS[part]
    if folder == "seeds":
        sources = [source.source_id for source in registry.sources().values() if source.seed == name]
        # Every other seed is checked against the list of areas; a file without a source is the registry itself.
        if not sources or "area" in sources:
            return None
        return [dg.AssetKey([registry.RAW_SOURCE, table]) for table in (*sources, registry.SOURCE_FILE)]
    if folder == "dbt_project":
        nodes = manifest()["nodes"].values()
        of_file = [n for n in nodes if n["resource_type"] == "model" and n["original_file_path"] == name]
        # Macros, tests, settings and descriptions may reach any model.
        return [translator.get_asset_key(node) for node in of_file] or list(warehouse_models.keys)
    return None
