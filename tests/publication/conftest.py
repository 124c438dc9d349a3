"""What the tests of publications share: a build with a value of each type, its publication, and a refresh."""

from pathlib import Path

import pytest

from missions.publication.publish import Publication, publish
from tests.support.publications import ATTRIBUTION, FULL_BUILD, build
from tests.support.refreshing import place, server, template

__all__ = ["place", "server", "template"]


@pytest.fixture(scope="package")
def sample_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("build") / "it's a warehouse.duckdb", also=FULL_BUILD)


@pytest.fixture(scope="package")
def sample(sample_build: Path, tmp_path_factory: pytest.TempPathFactory) -> Publication:
    """The publication of that build."""
    return publish(sample_build, tmp_path_factory.mktemp("public") / "published", attribution=ATTRIBUTION)
