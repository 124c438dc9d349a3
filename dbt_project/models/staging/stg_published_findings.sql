-- What the 2024 index was reported to show of regions.
select
    finding_id,
    finding,
    region_name,
    index_id,
    statistic,
    comparison,
    threshold,
    comparison_region_name,
    named_authority_code,
    published_figure,
    holds_if,
    source_title,
    published_month,
    source_page
from {{ source('raw', 'published_finding') }}
