"""The Dagster code location, a file per Dagster concept. The work itself is done in `missions`."""
