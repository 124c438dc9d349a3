"""From publishers' files to tables of the schema raw: the registry of sources, the seeds and how both are read.

Belongs here: registry.py (what the sources are), snapshot.py with readers/ (publishers' files to seeds), load.py (seeds
to DuckDB). What becomes of the figures is dbt's SQL.
"""
