"""The parameters of treatments and normalisations, and those that any node may have, checked.

Belongs here: which there are and what each may be. The formulas are in the models; int_framework_nodes reads the JSON.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from missions.csv_rules import LARGEST, shown

TIES = ("lowest", "mean")
FILLS = ("group_mean", "group_median")


@dataclass(frozen=True)
class Parameter:
    """What a parameter may be: a number within limits, whole or not, or one of some values."""

    is_needed: bool = False
    least: float = -LARGEST
    greatest: float = LARGEST
    is_whole: bool = False
    one_of: tuple[str | bool, ...] = ()

    def misfit(self, name: str, value: Any) -> str | None:
        """What is wrong with a value, or None."""
        found = json.dumps(value)
        if self.one_of:
            fits = any(value is word or (isinstance(word, str) and value == word) for word in self.one_of)
            return (
                None if fits else f"expected one of {', '.join(map(json.dumps, self.one_of))} for {name}, found {found}"
            )
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not abs(value) <= LARGEST:  # a comparison that NaN fails too
            return f"expected a number for {name}, found {found}"
        if self.least <= value <= self.greatest and (not self.is_whole or value == int(value)):
            return None
        whole = "a whole number" if self.is_whole else "a number"
        return f"expected {whole} from {self.least:g} to {self.greatest:g} for {name}, found {found}"


_ANY = Parameter()
_TRUTH = Parameter(one_of=(True, False))
_TIES = Parameter(one_of=TIES)
_COUNT = Parameter(least=0, greatest=1e6, is_whole=True)
_PERCENT = Parameter(least=0, greatest=100)
OF_TREATMENT: dict[str, dict[str, Parameter]] = {
    "winsorise": {"lowest": _COUNT, "highest": _COUNT},
    "cap": {"lower_percentile": _PERCENT, "upper_percentile": _PERCENT},
    "power": {"exponent": Parameter(is_needed=True, least=-9, greatest=9)},
}
OF_NORMALISATION: dict[str, dict[str, Parameter]] = {
    "z_score": {"mean": _ANY, "deviation": _ANY, "weighted": _TRUTH},
    "min_max": {"lower": _ANY, "upper": _ANY},
    "rank": {"ties": _TIES},
    "percentile_rank": {"ties": _TIES},
    "exponential": {"steepness": _ANY, "ties": _TIES},
    "goalposts": {
        "lower": Parameter(is_needed=True),
        "upper": Parameter(is_needed=True),
        "scale": _ANY,
        "from": _ANY,
        "to": _ANY,
        "limited": _TRUTH,
    },
}
OF_ANY_NODE = {
    "fill": Parameter(one_of=FILLS),
    "decimals": Parameter(least=0, greatest=9, is_whole=True),
}


def needs_parameters(normalisation: str) -> bool:
    """Whether a normalisation cannot do without parameters."""
    return any(parameter.is_needed for parameter in OF_NORMALISATION.get(normalisation, {}).values())


def checked_parameters(treatment: str, normalisation: str | None, text: str) -> dict[str, Any]:
    """The parameters in a cell. Raises ValueError with the message for the user."""
    given = _json_object(text)
    known = OF_TREATMENT.get(treatment, {}) | OF_NORMALISATION.get(normalisation or "", {})
    for name, value in given.items():
        parameter = (known | OF_ANY_NODE).get(name)
        if parameter is None:
            has = f"has {', '.join(known) or 'no parameters'}"
            reason = f"{normalisation} {has}" if normalisation else "no normalisation is set"
            raise ValueError(f"unknown parameter {shown(name)}: {reason}")
        if problem := parameter.misfit(name, value):
            raise ValueError(problem)
    for method, parameters in ((treatment, OF_TREATMENT), (normalisation or "", OF_NORMALISATION)):
        of_method = parameters.get(method, {})
        if missing := [name for name, parameter in of_method.items() if parameter.is_needed and name not in given]:
            raise ValueError(f"{method} needs {' and '.join(missing)}")
        if parameters is OF_TREATMENT and of_method and not of_method.keys() & given.keys():
            raise ValueError(f"{method} needs {' or '.join(of_method)}")
    _check_order(given)
    return given


def _check_order(given: Mapping[str, Any]) -> None:
    lower, upper = given.get("lower", 0), given.get("upper", 1)
    if not lower < upper:
        raise ValueError(f"lower ({lower}) must be below upper ({upper}); to reverse a scale, set the direction to -1")
    least, greatest = given.get("lower_percentile", 0), given.get("upper_percentile", 100)
    if not least < greatest:
        raise ValueError(f"lower_percentile ({least}) must be below upper_percentile ({greatest})")
    start, end = given.get("from", 0), given.get("to", 1)
    if "scale" in given and {"from", "to"} & given.keys():
        raise ValueError("scale is short for a range from 0; give either scale or from and to")
    if not start < end:
        raise ValueError(f"from ({start}) must be below to ({end}); to reverse a scale, set the direction to -1")
    for name in ("scale", "steepness", "deviation"):
        if not given.get(name, 1) > 0:
            raise ValueError(f"{name} must be above 0, not {given[name]}")


def _json_object(text: str) -> dict[str, Any]:
    def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError(f"duplicate parameter in {shown(text)}")
        return dict(pairs)

    try:
        given = json.loads(text, object_pairs_hook=once) if text.strip() else {}
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f'expected JSON such as {{"lower": 0, "upper": 100}}, found {shown(text)} ({error})') from None
    if not isinstance(given, dict):
        raise ValueError(f'expected a JSON object such as {{"lower": 0, "upper": 100}}, found {shown(text)}')
    return given
