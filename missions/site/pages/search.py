"""The list of councils from A to Z, including former ones, and the data for the search on every page."""

from missions.reading.wording import day_words, in_words, type_words
from missions.site.data import Row, by, grouped
from missions.site.renderer import Files, Renderer
from missions.site.scripts import assign
from missions.site.words import group_name


def files(site: Renderer) -> Files:
    letters = _a_to_z(site)
    yield site.render("search.html", "search.html", "Councils A to Z", [("Councils A to Z", None)], letters=letters)
    yield "data/search.js", assign({"search": _entries(site, letters)})


def _a_to_z(site: Renderer) -> list[tuple[str, list[Row]]]:
    """Current and former councils by first letter."""
    names = [{"name": a["authority_name"], "authority": a, "former": False} for a in site.marts.authorities]
    former = grouped((row for row in site.marts.area_codes if row["valid_to_date"]), "area_name")
    present = {a["authority_name"] for a in site.marts.authorities}
    for name, rows in former.items():
        if name not in present:
            successors = by(rows, "authority_code")
            names.append(
                {
                    "name": name,
                    "former": True,
                    "successors": [site.marts.authority[code] for code in successors],
                    "ended": max(row["valid_to_date"] for row in rows),
                }
            )
    names.sort(key=lambda n: n["name"])
    letters: dict[str, list[Row]] = {}
    for entry in names:
        letters.setdefault(entry["name"][0].upper(), []).append(entry)
    return list(letters.items())


def _entries(site: Renderer, letters: list[tuple[str, list[Row]]]) -> list[list[str]]:
    """[name, note, address, codes] of everything with a page; former councils link to their successors."""
    entries: list[list[str]] = []
    codes: dict[str, set[str]] = {}
    for row in site.marts.area_codes:
        codes.setdefault(row["authority_code"], set()).add(row["area_code"])
    for a in site.marts.authorities:
        known = sorted({a["authority_code"], a["current_code"], *codes.get(a["authority_code"], ())})
        note = f"{type_words(a['authority_type'])}, {a['region_name']}"
        entries.append([a["authority_name"], note, a["page"], " ".join(known)])
    for _, names in letters:
        for entry in names:
            if entry["former"]:
                for successor in entry["successors"]:
                    note = f"part of {successor['authority_name']} since {day_words(entry['ended'])}"
                    entries.append([entry["name"], note, successor["page"], ""])
    for i in site.marts.indicators:
        entries.append([i["indicator_title"], f"indicator, {i['mission_name']}", i["page"], i["indicator_id"]])
    for mission in site.marts.missions:
        entries.append([mission["mission_name"], "mission", f"mission/{mission['mission_id']}.html", ""])
    for group in site.marts.groups:
        kind = in_words(group.kind.replace("-", "_"))
        entries.append([group_name(group), "type of council" if group.kind == "type" else kind, group.page, group.code])
    return entries
