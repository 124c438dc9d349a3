"""From finished marts to what readers open: publications, their files, and what changed between two of them."""
