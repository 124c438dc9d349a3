"""The queries of the blocks that are one number or one date in a sentence.

Belongs here: queries on the published marts. Tables are in the module of their page.
"""

NUMBERS = {
    "councils": "SELECT count(*) FROM dim_authority",
    "reference_councils": "SELECT count(*) FROM dim_authority WHERE is_in_reference_set",
    "counties": "SELECT count(*) FROM dim_authority WHERE authority_type = 'county'",
    "indicators": "SELECT count(*) FROM dim_indicator",
    "cells": "SELECT count(*) FROM indicator_score",
    "treated_none": "SELECT count(*) FROM indicator_treatment WHERE outcome = 'none'",
    "treated_winsorised": "SELECT count(*) FROM indicator_treatment WHERE outcome = 'winsorised'",
    "treated_logged": "SELECT count(*) FROM indicator_treatment WHERE outcome = 'logged'",
    "small_areas": "SELECT count(DISTINCT small_area_code) FROM small_area_index",
    "small_area_indicators": "SELECT count(*) FROM small_area_indicator",
    "estimated_cells": "SELECT count(*) FROM indicator_score WHERE value_basis = 'estimated'",
    "stale_cells": "SELECT count(*) FROM indicator_score WHERE value_basis = 'stale'",
    "older_cells": "SELECT count(*) FROM indicator_coverage WHERE NOT is_latest_period",
    "joint_partnerships": """
        SELECT count(DISTINCT source_area_code) FROM indicator_score
        WHERE indicator_id = 'robbery' AND value_basis = 'combined_area'
    """,
    "joint_partnership_councils": """
        SELECT count(*) FROM indicator_score WHERE indicator_id = 'robbery' AND value_basis = 'combined_area'
    """,
    "london_very_high_composite": """
        SELECT count(*) FROM composite_index JOIN dim_authority USING (authority_code)
        WHERE region_name = 'London' AND need_band = 'very high'
    """,
    "london_very_high_crime": """
        SELECT count(*) FROM mission_index JOIN dim_authority USING (authority_code)
        WHERE region_name = 'London' AND need_band = 'very high' AND mission_id = 'crime'
    """,
    "london_councils": "SELECT count(*) FROM dim_authority WHERE region_name = 'London'",
    "themes": "SELECT count(*) FROM dim_theme",
    "pooled_indicators": "SELECT count(*) FROM dim_indicator WHERE pooled_years > 1",
    "too_uncertain_composite": "SELECT count(*) FROM composite_index WHERE is_too_uncertain_to_place",
    "too_uncertain_any": "SELECT count(DISTINCT authority_code) FROM mission_index WHERE is_too_uncertain_to_place",
    "least_group_correlation": """
        SELECT round(max(lower_bound), 2) FROM framework_audit
        WHERE statistic = 'correlation_with_rest' AND NOT is_indicator
    """,
    "first_indicators": "SELECT count(*) FROM other_framework_node WHERE framework_id = 'first' AND is_leaf",
}
DAYS = {
    "snapshot_day": "SELECT max(snapshot_date) FROM dim_source WHERE is_refreshable",
    "oldest_newest_period": "SELECT min(latest_period_end_date) FROM dim_indicator",
    "newest_period": "SELECT max(latest_period_end_date) FROM dim_indicator",
}
