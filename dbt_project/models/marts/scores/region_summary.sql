-- Need in each region.
{{ area_summary('region_code', 'region_name') }}
