"""The Dagster code location, a file per Dagster concept. The work itself is done in `missions`."""

import gc

# dagster and dbt create many small objects that last as long as the process, from their import on; searching them for
# garbage takes seconds.
gc.set_threshold(100_000, 50, 100)
