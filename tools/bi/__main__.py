"""`python -m tools.bi`: write what BI tools import, from the one definition and the current publication.

Belongs here: which files there are.
"""

import shutil
from pathlib import Path

from missions.paths import PUBLISHED
from tools.bi import desktop, superset
from tools.bi.definition import datasets

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def files(published: Path) -> dict[str, str]:
    """The text of each file by its path in deploy/."""
    defined = datasets(published)
    [profile] = [dataset for dataset in defined if dataset.name == "profile"]
    return {
        **{f"superset/bundle/{name}": text for name, text in superset.bundle(defined)},
        "bi/missions_index.tds": desktop.tableau(profile),
        "bi/missions_index.pbids": desktop.power_bi(),
    }


if __name__ == "__main__":
    shutil.rmtree(DEPLOY / "superset/bundle", ignore_errors=True)
    for name, text in files(PUBLISHED).items():
        path = DEPLOY / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
