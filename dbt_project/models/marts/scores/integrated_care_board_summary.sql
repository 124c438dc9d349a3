-- Need in each Integrated Care Board.
{{ area_summary('integrated_care_board_code', 'integrated_care_board_name', shares=ref('int_care_board_shares')) }}
