"""The fixtures of a refresh, for all tests of sources."""

from tests.support.refreshing import place, server, template

__all__ = ["place", "server", "template"]
