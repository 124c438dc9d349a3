"""How two names are compared: a name's key, and the shorter forms of it without titles.

Belongs here: letters and words. Which names there are is in the marts; what a name was taken for is in matching.py. The
site's search follows the same rules in static/names.js, from RULES.
"""

import re
import unicodedata
from collections.abc import Iterator

COUNCIL = "council"
REGION = "region"
COMBINED_AUTHORITY = "combined_authority"
CARE_BOARD = "integrated_care_board"

# Words that mean the same; the longer one is compared.
WORDS = {
    "saint": "st",
    "boro": "borough",
    "gt": "great",
    "beds": "bedfordshire",
    "berks": "berkshire",
    "bucks": "buckinghamshire",
    "cambs": "cambridgeshire",
    "derbys": "derbyshire",
    "glos": "gloucestershire",
    "hants": "hampshire",
    "herts": "hertfordshire",
    "lancs": "lancashire",
    "leics": "leicestershire",
    "lincs": "lincolnshire",
    "mids": "midlands",
    "northants": "northamptonshire",
    "northumbs": "northumberland",
    "notts": "nottinghamshire",
    "oxon": "oxfordshire",
    "staffs": "staffordshire",
    "warks": "warwickshire",
    "wilts": "wiltshire",
    "worcs": "worcestershire",
    "yorks": "yorkshire",
}
# The same, where it is a name's first word only: "N Yorks", but "King s Lynn".
FIRST_WORDS = {
    "n": "north",
    "s": "south",
    "e": "east",
    "w": "west",
    "ne": "north east",
    "nw": "north west",
    "se": "south east",
    "sw": "south west",
    "nth": "north",
    "sth": "south",
}
# Words that people leave out or change: "Stockton upon Tees", "Brighton Hove".
JOINERS = ("and", "by", "in", "of", "on", "the", "under", "upon", "with")
# What may come before a name, and what of it may come after. A title says of what kind the place is.
BEFORE = {
    "the": None,
    "of": None,
    **dict.fromkeys(
        (
            "borough",
            "borough council of",
            "city",
            "city and county of",
            "city and county of the",
            "city and district",
            "corporation",
            "council",
            "county",
            "district",
            "lb",
            "london borough",
            "metropolitan borough",
            "rb",
            "royal borough",
            "royal county",
            "unitary authority",
        ),
        COUNCIL,
    ),
    "nhs": CARE_BOARD,
}
AFTER = {
    "and": None,
    "of": None,
    "the": None,
    **dict.fromkeys(
        (
            "authority",
            "b",
            "bc",
            "borough",
            "cbc",
            "cc",
            "city",
            "city and district",
            "corporation",
            "council",
            "councils",
            "county",
            "dc",
            "district",
            "la",
            "lb",
            "lbc",
            "local authority",
            "london borough",
            "mb",
            "mbc",
            "md",
            "mdc",
            "met",
            "metropolitan",
            "rb",
            "rbc",
            "royal borough",
            "ua",
            "uk",
            "unitary",
        ),
        COUNCIL,
    ),
    **dict.fromkeys(
        (
            "ca",
            "cca",
            "combined authority",
            "combined county authority",
            "mayoral combined authority",
            "mayoral combined county authority",
            "mayoral strategic authority",
            "mca",
            "strategic authority",
        ),
        COMBINED_AUTHORITY,
    ),
    **dict.fromkeys(("icb", "ics", "integrated care board", "integrated care system"), CARE_BOARD),
    "region": REGION,
}

# A postcode, or its first half, in small letters.
POSTCODE = "^[a-z]{1,2}[0-9][a-z0-9]?( ?[0-9][a-z]{2})?$"

# What the site's copy of the rules is made from.
RULES = {
    "words": WORDS,
    "firstWords": FIRST_WORDS,
    "joiners": JOINERS,
    "before": BEFORE,
    "after": AFTER,
    "postcode": POSTCODE,
}


def name_key(text: str) -> str:
    """A name as it is compared: words in small letters, without accents and punctuation, `&` as `and`."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    plain = re.sub(r"(?<=\w\w)\.(?=\w)", " ", plain)  # "St.Albans", but "L.B. Camden"
    return " ".join(re.findall(r"[^\W_]+", re.sub(r"[.'\u2018\u2019]", "", plain.replace("&", " and "))))


def place_key(text: str) -> str:
    """The key of a place's name: shortened words in full."""
    first, *rest = name_key(text).split() or [""]
    return " ".join([WORDS.get(first, FIRST_WORDS.get(first, first)), *(WORDS.get(word, word) for word in rest)])


def shorter(key: str) -> Iterator[tuple[str, str | None]]:
    """A key and what is left of it as titles are taken off, each with the kind of place that the titles name."""
    words, kind = key.split(), None
    yield key, kind
    while cut := _title(words):
        words, said = cut
        kind = kind or said
        yield " ".join(words), kind


def _title(words: list[str]) -> tuple[list[str], str | None] | None:
    """The words without the longest title at their end or, if there is none, at their beginning; never without all."""
    for size in range(min(len(words) - 1, 5), 0, -1):
        title = " ".join(words[-size:])
        if title in AFTER:
            return words[:-size], AFTER[title]
    for size in range(min(len(words) - 1, 5), 0, -1):
        title = " ".join(words[:size])
        if title in BEFORE:
            return words[size:], BEFORE[title]
    return None


def without_joiners(key: str) -> str:
    """A key without the little words that people leave out or change."""
    return " ".join(word for word in key.split() if word not in JOINERS)
