"""The fixtures of a refresh, for the tests of what comes of newer editions."""

from tests.support.refreshing import place, server, template

__all__ = ["place", "server", "template"]
