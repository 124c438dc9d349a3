"""From publishers' files to tables of the schema raw: the registry, the seeds, and how both are kept current.

Belongs here: registry.py (what the sources are) and generated.py (what is made from it); snapshot.py with readers/
(publishers' files to seeds); load.py (seeds to DuckDB, in build_file.py's lock); addresses.py, fetch.py and landing.py
(newer files), compare.py (what they would change) and refresh.py (what becomes of them). What becomes of the figures is
dbt's SQL.
"""
