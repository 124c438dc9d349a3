"""Addresses: where to find the newest version of a publisher's file, and where a download may lead.

Belongs here: the one listed host, and the local server that tests use instead. Nothing is fetched here.
"""

import os
from urllib.parse import quote, urlsplit

from missions.errors import RegistryError
from missions.sources.registry import Source, SourceFile

# The host of the distributors' files, and the only one to which a download may be redirected.
LIVE_BASE = "https://raw.githubusercontent.com"
LIVE_BASE_VARIABLE = "MISSIONS_LIVE_BASE"  # for tests: a local server to use instead
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})


def live_base() -> str:
    """The start of every live address. Raises RegistryError if a test's server is not on this machine."""
    base = os.environ.get(LIVE_BASE_VARIABLE, LIVE_BASE).rstrip("/")
    if base != LIVE_BASE and not is_loopback(base):
        raise RegistryError(
            f"{LIVE_BASE_VARIABLE} is {base!r}; expected a server on this machine, for tests "
            f"({', '.join(sorted(LOOPBACK_HOSTS))})"
        )
    return base


def is_loopback(address: str) -> bool:
    """Whether an address is that of a server on this machine, over HTTP."""
    try:
        parts = urlsplit(address)
        return parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS and not parts.username
    except ValueError:
        return False


def is_listed(address: str) -> bool:
    """Whether a download may go there: to the distributors' host over HTTPS, or to a test's local server."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    if is_loopback(live_base()):
        return is_loopback(address)
    host = urlsplit(LIVE_BASE).hostname
    return parts.scheme == "https" and parts.hostname == host and port in (None, 443) and not parts.username


def live_address(source: Source, file: SourceFile) -> str:
    """The address of the newest edition of a refreshable source's file, on the distributor's default branch."""
    if not (source.is_refreshable and file.distributor_path):
        raise RegistryError(
            f"seeds/sources.yml, source {source.source_id}: {file.path} has no live address; expected "
            "is_refreshable: true and a distributor_path"
        )
    return f"{live_base()}/{quote(source.distributor)}/HEAD/{quote(file.distributor_path)}"
