{{ draw_ranks(['sampling error'], composite_only=true) }}
