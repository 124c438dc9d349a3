"""From publishers' files to tables in the schema raw: the registry, the seeds, and keeping both current.

Belongs here: registry.py (what the sources are) and generated.py (the files made from it); snapshot.py with readers/
(publishers' files to seeds); load.py (seeds to DuckDB, under build_file.py's lock); addresses.py, fetch.py and
landing.py (newer files), compare.py (what they would change) and refresh.py (whether they are applied). What happens to
the figures after that is dbt's SQL.
"""
