"""A build with values of every type, and its publication, made once for all tests of what a publication holds."""

from pathlib import Path

import pytest

from missions.publication.publish import Publication, publish
from tests.support.publications import ATTRIBUTION, FULL_BUILD, build


@pytest.fixture(scope="package")
def sample_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("build") / "it's a warehouse.duckdb", also=FULL_BUILD)


@pytest.fixture(scope="package")
def sample(sample_build: Path, tmp_path_factory: pytest.TempPathFactory) -> Publication:
    """The publication of that build."""
    return publish(sample_build, tmp_path_factory.mktemp("public") / "published", attribution=ATTRIBUTION)
