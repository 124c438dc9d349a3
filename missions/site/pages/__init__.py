"""The pages of the site, in a module per kind of page: what each template is given, and the data files beside it.

Belongs here: the list of them. SQL is in data.py, HTML in templates/, charts in charts.py.
"""

from missions.site.pages import (
    about,
    about_site,
    api,
    areas,
    catalogue,
    compare,
    councils,
    downloads,
    feed,
    frameworks,
    home,
    indicators,
    missions,
    places,
    search,
    sharing,
    what_if,
)
from missions.site.renderer import Files, Renderer

KINDS_OF_PAGE = (
    home,
    councils,
    missions,
    indicators,
    areas,
    compare,
    what_if,
    search,
    places,
    about,
    about_site,
    downloads,
    frameworks,
    catalogue,
    sharing,
    api,
    feed,
)


def page_files(site: Renderer) -> Files:
    """Every page and its data files, by path."""
    for kind in KINDS_OF_PAGE:
        yield from kind.files(site)
