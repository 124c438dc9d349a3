"""Small builds to publish, and checks that hold for every published folder.

Belongs here: what several test files build or check of a publication.
"""

import re
import subprocess
import sys
from pathlib import Path

import duckdb

from missions.publication.folder import FIXED_NAMES, verify
from missions.scoring import run_chain

ATTRIBUTION = "# Attribution\nContains public sector information licensed under the Open Government Licence v3.0.\n"
DISTRICT = "E07000170"
REVISE = (
    f"UPDATE indicator_score SET value = value + 20 WHERE authority_code = '{DISTRICT}' AND indicator_id = 'smoking'"
)
VALUE = "SELECT DISTINCT value FROM marts.indicator_score"

SMALL_BUILD = """
CREATE SCHEMA raw; CREATE TABLE raw.secret AS SELECT 'not for publication' AS secret;
CREATE SCHEMA staging; CREATE VIEW staging.stg_secret AS SELECT * FROM raw.secret;
CREATE SCHEMA marts;
CREATE TABLE marts.indicator_score (
    indicator_id text NOT NULL, authority_code text NOT NULL, value double NOT NULL, need_rank integer,
    PRIMARY KEY (authority_code, indicator_id)
);
COMMENT ON TABLE marts.indicator_score IS 'One row per authority and indicator';
COMMENT ON COLUMN marts.indicator_score.value IS 'Value, in the indicator''s unit';
"""
FULL_BUILD = """
CREATE TABLE marts.dim_authority (
    authority_code text NOT NULL, authority_name text NOT NULL, ons_number text, note text, population bigint,
    area_km2 double, budget_gbp decimal(12, 2), is_unitary boolean NOT NULL, founded_date date, checked_at timestamp,
    fetched_at timestamptz DEFAULT '2026-07-01 12:00:00+01', former_names text[] DEFAULT ['Alt, Neu', 'é'],
    PRIMARY KEY (authority_code)
);
COMMENT ON TABLE marts.dim_authority IS 'Every authority; größer, "kleiner"';
COMMENT ON COLUMN marts.dim_authority.ons_number IS 'A code with leading zeros';
INSERT INTO marts.dim_authority (
    authority_code, authority_name, ons_number, note, population,
    area_km2, budget_gbp, is_unitary, founded_date, checked_at
) VALUES
    ('E03', 'Ynys Môn', '00123', '=1+1', 9007199254740991, 1.0 / 3, 10.10, true, '1974-04-01', '2026-11-24 20:15:30.5'),
    ('E01', 'Bristol, City of', '007', 'says "yes", twice', 472400, 0.1::double + 0.2, 0.01, false, '2024-02-29', NULL),
    ('E04', 'Rutland', NULL, '-5', NULL, 1e-300, NULL, true, NULL, '2026-01-01 00:00:00'),
    ('E02', 'Herefordshire; County of', '1e5', '@SUM(A1)', 0, NULL, -3.00, true, '1998-04-01', NULL),
    ('E05', 'Durham', '2024-01-02', '+44', 1, 'inf', 1, true, '1900-03-01', NULL);
CREATE TABLE marts.aa_first_by_name (
    authority_code text PRIMARY KEY, FOREIGN KEY (authority_code) REFERENCES marts.dim_authority (authority_code)
);
INSERT INTO marts.aa_first_by_name VALUES ('E02'), ('E01');
CREATE TABLE marts.dim_source (path text PRIMARY KEY, publisher text, dataset text, licence text, landing_page text);
INSERT INTO marts.dim_source VALUES
    ('b.csv', 'ONS', 'Employment', 'OGL v3.0', 'https://example.org/employment'),
    ('a.csv', 'ONS', 'Employment', 'OGL v3.0', 'https://example.org/employment'),
    ('c.csv', 'DfE', 'Schools', 'OGL v3.0', NULL);
CREATE TABLE marts.indicator_value (
    authority_code text NOT NULL, period_number integer NOT NULL, value double,
    PRIMARY KEY (period_number, authority_code)
);
COMMENT ON TABLE marts.indicator_value IS 'The long one';
INSERT INTO marts.indicator_value
SELECT 'E' || (i % 7), i, CASE WHEN i % 5 > 0 THEN i / 3 END FROM range(25001) AS r (i) ORDER BY hash(i);
CREATE TABLE marts.long_note (id integer PRIMARY KEY, note text);
INSERT INTO marts.long_note VALUES (2, repeat('x', 32768)), (1, 'short');
CREATE TABLE marts.summary_of_every_authority_by_mission (id integer PRIMARY KEY);
INSERT INTO marts.summary_of_every_authority_by_mission VALUES (1);
CREATE TABLE marts.summary_of_every_authority_by_month (id integer PRIMARY KEY);
INSERT INTO marts.summary_of_every_authority_by_month VALUES (2);
"""


def build(path: Path, value: float = 1.0, *, also: str = "") -> Path:
    """A build file with one small mart, whose values identify the build."""
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute(SMALL_BUILD)
        connection.execute(
            """
            INSERT INTO marts.indicator_score
            SELECT 'i' || i, 'E0' || a, ?, 1 FROM range(3) AS x (i), range(9, 4, -1) AS y (a)
            """,
            [value],
        )
        connection.execute(also)
    return path


def value_of(database: Path) -> float:
    """Which build a published database comes from, read in another process as a BI tool would."""
    query = f"import duckdb; print(duckdb.connect({str(database)!r}, read_only=True).execute({VALUE!r}).fetchone()[0])"
    return float(subprocess.run([sys.executable, "-c", query], capture_output=True, text=True, check=True).stdout)


def assert_tidy(published: Path) -> None:
    """Every publication is complete, every fixed name leads somewhere, and nothing else is left behind."""
    names = {path.name for path in published.iterdir()}
    assert names == {".lock", "history", "current", *FIXED_NAMES}
    folders = list((published / "history").iterdir())
    assert all(re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{8}(-\d+)?", folder.name) for folder in folders), folders
    for folder in folders:
        verify(folder)
    for name in FIXED_NAMES:
        assert (published / name).is_symlink()
        assert (published / name).readlink() == Path("current", name)
        assert (published / name).exists()


def rescore(path: Path) -> None:
    """Write the scores and ranks that the method gives for the inputs in the marts."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"ATTACH '{path}' AS copy")
        connection.execute(
            """
            CREATE TABLE stg_framework_nodes AS FROM copy.marts.dim_framework_node ORDER BY node_id;
            CREATE TABLE int_index_units AS
            SELECT authority_code AS unit_id, NULL::VARCHAR AS group_id, 1e0 AS weight, is_in_reference_set
            FROM copy.marts.dim_authority ORDER BY ALL;
            CREATE TABLE int_index_values AS SELECT authority_code AS unit_id, indicator_id AS node_id, value
            FROM copy.marts.indicator_score JOIN stg_framework_nodes ON node_id = indicator_id ORDER BY ALL;
            """
        )
        for derived in ("branch_id", "depth", "weight_in_parent", "effective_weight", "is_leaf"):
            connection.execute(f"ALTER TABLE stg_framework_nodes DROP COLUMN {derived}")
        run_chain(connection)
        connection.execute(
            """
            CREATE TABLE scored AS
            SELECT unit_id, node_id, score, rank() OVER (PARTITION BY node_id ORDER BY round(score, 9) DESC) AS place
            FROM int_node_scores;
            UPDATE copy.marts.composite_index SET need_z = score, need_score = 100 + 10 * score, need_rank = place
            FROM scored WHERE unit_id = authority_code AND node_id = 'composite';
            UPDATE copy.marts.mission_index SET need_z = score, need_score = 100 + 10 * score, need_rank = place
            FROM scored WHERE unit_id = authority_code AND node_id = mission_id;
            UPDATE copy.marts.indicator_score SET need_z = score, need_rank = place
            FROM scored WHERE unit_id = authority_code AND node_id = indicator_id;
            """
        )
