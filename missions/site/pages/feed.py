"""The Atom feed of publications: one entry for each that is kept, newest first."""

from datetime import datetime
from html import escape

from missions.publication.folder import TITLE
from missions.reading.wording import day_words
from missions.site.renderer import Files, Renderer

FEED = "feed.xml"


def files(site: Renderer) -> Files:
    if not site.publications:
        return
    base = f' xml:base="{escape(site.settings.address)}"' if site.settings.address else ""
    entries = "".join(_entry(site, id_) for id_ in site.publications)
    yield (
        FEED,
        f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en-GB"{base}>\n'
        f"<id>urn:missions-index</id>\n<title>{TITLE}: publications</title>\n<author><name>{TITLE}</name></author>\n"
        f"<updated>{_stamp(site.publications[0])}</updated>\n"
        f'<link rel="self" href="{FEED}"/>\n<link rel="alternate" href="changes.html"/>\n{entries}</feed>\n',
    )


def _entry(site: Renderer, id_: str) -> str:
    is_this = id_ == site.publication_id
    made = datetime.strptime(id_[:16], "%Y%m%dT%H%M%SZ").date()
    moved = len(
        {c["authority_code"] for c in site.marts.changes if c["index_kind"] == "composite" and c["rank_change"]}
    )
    words = f"Publication of {day_words(made)}."
    if is_this:
        words += f" {moved} of {site.councils} councils changed rank across all missions since the one before."
    page = "changes.html" if is_this else f"publication/{id_}/changes.html"
    return (
        f"<entry><id>urn:missions-index:{id_}</id><title>Publication {id_}</title>"
        f'<updated>{_stamp(id_)}</updated><link href="{page}"/><summary>{escape(words)}</summary></entry>\n'
    )


def _stamp(id_: str) -> str:
    """When a publication was made, from its id."""
    return f"{datetime.strptime(id_[:16], '%Y%m%dT%H%M%SZ').isoformat()}Z"
