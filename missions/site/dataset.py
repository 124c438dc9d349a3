"""What a page states for search engines about the data on it: schema.org's Dataset, as JSON-LD.

Belongs here: the form. Addresses are left out unless the site's own is set.
"""

import json
from collections.abc import Mapping

from missions.publication.folder import TITLE
from missions.reading.wording import publication_day
from missions.site.settings import Settings

LICENCE = "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"
_TYPES = {"csv": "text/csv", "json": "application/json"}


def dataset(
    settings: Settings, publication_id: str, name: str, description: str, page: str, files: Mapping[str, str]
) -> str:
    """JSON-LD for a page. files: what can be downloaded, by its address from the root of the site."""
    published = publication_day(publication_id)
    stated = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": name,
        "description": description,
        "license": LICENCE,
        "isAccessibleForFree": True,
        "spatialCoverage": "England",
        "creator": {"@type": "Organization", "name": TITLE},
    }
    if published:
        stated |= {"version": publication_id, "dateModified": published.isoformat()}
    if settings.address:
        stated["url"] = settings.absolute(page)
        stated["distribution"] = [
            {
                "@type": "DataDownload",
                "name": words,
                "encodingFormat": _TYPES[address.rpartition(".")[2]],
                "contentUrl": settings.absolute(address),
            }
            for address, words in files.items()
        ]
    return json.dumps(stated, ensure_ascii=False).replace("<", "\\u003c")
