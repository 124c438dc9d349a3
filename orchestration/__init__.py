"""The Dagster code location: a file per Dagster noun. What the steps do is in `missions`."""
