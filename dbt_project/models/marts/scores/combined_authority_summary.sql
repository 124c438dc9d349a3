{{ area_summary('combined_authority_code', 'combined_authority_name') }}
