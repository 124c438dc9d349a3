"""The chart that a name stands for, for `missions chart`: need, a mission or an indicator, as a map or as dots.

Belongs here: the choice. charts.py makes the chart, picture.py its frame.
"""

from missions.errors import UsageError
from missions.reading.names import choose
from missions.reading.wording import publisher_words
from missions.site import charts
from missions.site.charts import Chart
from missions.site.data import COMPOSITE, ENGLAND, Group
from missions.site.picture import OWN_SOURCE
from missions.site.renderer import Renderer


def chosen_chart(site: Renderer, name: str, area: str | None = None, as_dots: bool = False) -> tuple[Chart, str]:
    """The chart and its source. name: of a mission or an indicator, or "need"; area: of a region, combined authority or
    care board to draw alone.

    Raises UsageError for an unknown name, and for dots of an area, which show England's councils.
    """
    marts = site.marts
    group = _group(site, area) if area else None
    if group and as_dots:
        raise UsageError("--dots shows all councils of England; leave out --area")
    members = None if group is None else {member["authority_code"] for member in group.members}
    where = group.name if group else ENGLAND
    titles = {row["indicator_id"]: row["indicator_title"] for row in marts.indicators}
    chosen = choose("chart", "composite" if name.lower() == "need" else name, marts.indices | titles)
    if chosen in titles:
        indicator = marts.indicator[chosen]
        source = f"Source: {publisher_words(indicator['publisher'])}, {indicator['dataset']}."
        cells = [c for c in marts.cells_of_indicator[chosen] if members is None or c["authority_code"] in members]
        if as_dots:
            england = marts.benchmark.get((marts.england_code, chosen))
            return charts.indicator_distribution(site.atlas, indicator, cells, england), source
        return charts.indicator_map(site.atlas, indicator, cells, where), source
    index = site.index(chosen)
    if as_dots:
        return charts.need_distribution(site.atlas, index, marts.by_index[chosen]), OWN_SOURCE
    indices = site.indices if chosen == COMPOSITE else [index]
    needs = site.needs(marts.indices, None if group is None else group.members)
    return charts.need_map(site.atlas, indices, needs, where), OWN_SOURCE


def _group(site: Renderer, area: str) -> Group:
    """An area by its name or code; of two with one name, the region."""
    groups = {str(group.code): group for group in site.marts.groups if group.kind != "type" and group.members}
    return groups[choose("area", area, {code: group.name for code, group in groups.items()})]
