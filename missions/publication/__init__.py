"""From finished marts to what readers open: the publication folder, its files, and what changed between two of them."""
