"""One of a list of options by what someone calls it: a mission, an indicator, a source, a type.

Belongs here: matching what was typed with a list. Councils and areas have more names: see lookup.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from missions.errors import UsageError
from missions.reading.name_keys import name_key
from missions.reading.wording import LONG_LIST

_LONGEST_NAME = 60  # letters of a name that an error message repeats


@dataclass(frozen=True)
class Found:
    """What a name was matched with: a council's code or another ID, with a note if the match is not literal."""

    code: str
    note: str | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        return () if self.note is None else (self.note,)


def choose(what: str, text: str, options: Mapping[str, str]) -> str:
    """The ID of the option with this ID or name.

    Raises UsageError with the nearest options, and with all of them if there are few.
    """
    key = name_key(text)
    for option, name in options.items():
        if key in (name_key(option), name_key(name)):
            return option
    shown = {option: _shown(option, name) for option, name in options.items()}
    nearest = _nearest(text, {called: shown[o] for o, name in options.items() for called in (o, name)})
    message = f"No {what} {shown_name(text)}." + (f" Did you mean {nearest}?" if nearest else "")
    if len(options) <= LONG_LIST or not nearest:
        message += "\nOptions:" + "".join(f"\n  {option}" for option in shown.values())
    raise UsageError(message)


def choose_near(what: str, text: str, options: Mapping[str, str]) -> Found:
    """Choose as `choose` does, but also by a unique beginning or a near spelling, with a note."""
    try:
        return Found(choose(what, text, options))
    except UsageError:
        near = _near(name_key(text), options)
        if near is None:
            raise
        return Found(near, f"Taking {text!r} to mean {_shown(near, options[near])}")


def _shown(option: str, name: str) -> str:
    return option if name_key(name) == name_key(option) else f"{option} ({name})"


def _near(key: str, options: Mapping[str, str]) -> str | None:
    """The one option that begins with the key, or whose spelling is near and much nearer than any other's."""
    begin = [option for option, name in options.items() if name_key(name).startswith(key)]
    if len(begin) == 1:
        return begin[0]
    ratios = ((fuzz.ratio(key, name_key(name)), option) for option, name in options.items())
    (best, option), (second, _) = sorted(ratios, reverse=True)[:2]
    return option if best >= 85 and best - second >= 10 else None


def _nearest(text: str, labels: Mapping[str, str]) -> str:
    """The labels of up to five names most like the text, joined for a sentence; empty if none is like it."""
    found = process.extract(text, labels.keys(), scorer=fuzz.WRatio, processor=name_key, limit=None, score_cutoff=60)
    near = [labels[name] for name, score, _ in found if score >= found[0][1] - 15]
    return " or ".join(list(dict.fromkeys(near))[:5])


def shown_name(text: str) -> str:
    """What was typed, quoted for an error message; cut if it is too long for a name."""
    return repr(text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}…")
