"""The `missions` command: words in, tables or plain data out.

Belongs here: what people type, the SQL of questions asked of the published file, and printing; a module for each family
of commands. What they do beyond that is imported only when they are called, so that `missions rank` starts fast.
"""

from missions.cli import explain, explore, history, read, refresh, score, trend, what_if, work
from missions.cli.app import app

__all__ = ["app", "explain", "explore", "history", "read", "refresh", "score", "trend", "what_if", "work"]
