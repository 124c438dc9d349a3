"""The pictures that other sites show for a link: a card for each council, and one for all other pages."""

from missions.reading.sentences import lead
from missions.reading.wording import publication_day
from missions.site.cards import CARD, card
from missions.site.data import COMPOSITE
from missions.site.picture import frame
from missions.site.renderer import Files, Renderer
from missions.site.scripts import assign


def files(site: Renderer) -> Files:
    yield "data/picture.js", assign({"picture": frame()})
    if not site.settings.address:  # other sites find a picture by its full address only
        return
    published = publication_day(site.publication_id)
    count = f"{site.councils} English councils, {len(site.marts.indicators)} public indicators"
    yield CARD, card("Need in England's councils", f"{count}: where need is highest, and how sure that is.", published)
    last = site.councils - 1
    for authority in site.marts.authorities:
        score = site.marts.scores[authority["authority_code"]][COMPOSITE]
        low, high = score["rank_percentile_5"], score["rank_percentile_95"]
        likely = None if low is None else ((low - 1) / last, (high - 1) / last)
        place = None if score["is_too_uncertain_to_place"] else (score["need_rank"] - 1) / last
        text = lead(authority["authority_name"], score, site.councils)
        yield authority["card"], card(authority["authority_name"], text, published, place, likely)
