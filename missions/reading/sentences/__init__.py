"""What the index says in words, from the marts alone: the same sentences on pages, in print, in the command, on charts.

Belongs here: sentences with the facts that they use. How one number, name or period reads is in reading/wording.py.
"""

from missions.reading.sentences.parts import QUESTIONS, Sentence, texts
from missions.reading.sentences.position import lead

__all__ = ["QUESTIONS", "Sentence", "lead", "texts"]
