{{ draw_ranks(['official', 'method choice', 'leave one out', 'all sources']) }}
