"""What the index says in words, from the marts alone: the same sentences on pages, in print, in the command, on charts.

Belongs here: sentences with the facts that they use. How one number, name or period reads is in reading/wording.py.
"""

from missions.reading.sentences.areas import area_brief, england_facts, mission_brief
from missions.reading.sentences.council import brief, change_by_mission, missions_heading
from missions.reading.sentences.facts import CouncilFacts, council_facts
from missions.reading.sentences.parts import QUESTIONS, Sentence, texts
from missions.reading.sentences.position import lead, short_range

__all__ = [
    "QUESTIONS",
    "CouncilFacts",
    "Sentence",
    "area_brief",
    "brief",
    "change_by_mission",
    "council_facts",
    "england_facts",
    "lead",
    "mission_brief",
    "missions_heading",
    "short_range",
    "texts",
]
