{# Kilometres between two points on a sphere of the earth's mean radius, by the haversine formula; degrees in. #}
{% macro distance_km(latitude, longitude, other_latitude, other_longitude) -%}
    2 * 6371 * asin(sqrt(
        power(sin(radians({{ other_latitude }} - {{ latitude }}) / 2), 2)
        + cos(radians({{ latitude }})) * cos(radians({{ other_latitude }}))
        * power(sin(radians({{ other_longitude }} - {{ longitude }}) / 2), 2)
    ))
{%- endmacro %}
