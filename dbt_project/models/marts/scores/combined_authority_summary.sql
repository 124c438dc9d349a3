-- Need in each combined authority of 2025.
{{ area_summary('combined_authority_code', 'combined_authority_name') }}
