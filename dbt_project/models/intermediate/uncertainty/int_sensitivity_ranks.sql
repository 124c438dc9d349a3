{{ draw_ranks(['sensitivity']) }}
