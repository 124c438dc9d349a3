{# Kilometres between two points on a sphere of the earth's mean radius, by the haversine formula; degrees in. #}
{% macro distance_km(latitude, longitude, other_latitude, other_longitude) -%}
    2 * 6371 * asin(sqrt(
        power(sin(radians({{ other_latitude }} - {{ latitude }}) / 2), 2)
        + cos(radians({{ latitude }})) * cos(radians({{ other_latitude }}))
        * power(sin(radians({{ other_longitude }} - {{ longitude }}) / 2), 2)
    ))
{%- endmacro %}

{#
Rows of the CTE `relation` by authority_code, each under its council and again under the council's county, as column whole_code.
Counties are found in the CTE `authorities` (authority_code, county_code).
#}
{% macro with_counties(relation, authorities) -%}
select
    {{ relation }}.*,
    {{ authorities }}.authority_code as whole_code
from {{ relation }}
inner join {{ authorities }}
    on {{ relation }}.authority_code = {{ authorities }}.authority_code

union all

select
    {{ relation }}.*,
    {{ authorities }}.county_code as whole_code
from {{ relation }}
inner join {{ authorities }}
    on {{ relation }}.authority_code = {{ authorities }}.authority_code
where {{ authorities }}.county_code is not null
{%- endmacro %}
