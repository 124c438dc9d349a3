"""The pages about the site itself: accessibility, privacy and contact, and what a missing page or publication shows."""

from urllib.parse import urlsplit

from missions.site.renderer import Files, Renderer

MISSING, PRUNED = "404.html", "pruned.html"


def files(site: Renderer) -> Files:
    yield site.render("about.html", "about.html", "About this site", [("About this site", None)])
    yield site.render(PRUNED, "pruned.html", "This publication is no longer kept", [("No longer kept", None)])
    # Servers send it for addresses at any depth, so that its links begin at the root of the site.
    root = urlsplit(site.settings.address).path or "/"
    yield site.render(MISSING, "404.html", "Page not found", [], root=root)
