"""Addresses: where the newest version of a publisher's file is, and where a download may lead.

Belongs here: the one listed host, and the server on this machine that tests put in its place. Nothing is fetched.
"""

import os
from urllib.parse import quote, urlsplit

from missions.errors import RegistryError
from missions.sources.registry import Source, SourceFile

# Where distributors' files are read, and the only host that a download may be redirected to.
LIVE_BASE = "https://raw.githubusercontent.com"
LIVE_BASE_VARIABLE = "MISSIONS_LIVE_BASE"  # for tests: a server on this machine in its place
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})


def live_base() -> str:
    """The address before every live address. Raises RegistryError where a test's server is not on this machine."""
    base = os.environ.get(LIVE_BASE_VARIABLE, LIVE_BASE).rstrip("/")
    if base != LIVE_BASE and not is_loopback(base):
        raise RegistryError(
            f"{LIVE_BASE_VARIABLE} is {base!r}; it may only name a server on this machine, for tests "
            f"({', '.join(sorted(LOOPBACK_HOSTS))})"
        )
    return base


def is_loopback(address: str) -> bool:
    """Whether an address leads to a server on this machine, by http."""
    try:
        parts = urlsplit(address)
        return parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS and not parts.username
    except ValueError:
        return False


def is_listed(address: str) -> bool:
    """Whether a download may lead there: the distributors' host over HTTPS, or a test's server on this machine."""
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
    """Where the newest edition of a refreshable source's file is: on the distributor's default branch."""
    if not (source.is_refreshable and file.distributor_path):
        raise RegistryError(f"seeds/sources.yml, source {source.source_id}: {file.path} has no live address")
    return f"{live_base()}/{quote(source.distributor)}/HEAD/{quote(file.distributor_path)}"
