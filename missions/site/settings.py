"""What the publisher of the site sets: its address, and whom to write to.

Belongs here: reading and checking the two variables. Without them pages leave out what needs them.
"""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from missions.errors import UsageError

ADDRESS, CONTACT = "MISSIONS_SITE_ADDRESS", "MISSIONS_SITE_CONTACT"


@dataclass(frozen=True)
class Settings:
    """address: of the site's root, ending with a slash; contact: an e-mail address or a web page. Empty if not set."""

    address: str = ""
    contact: str = ""

    def absolute(self, page: str) -> str:
        """The full address of a page or file of the site; empty if the site's address is not set."""
        return f"{self.address}{'' if page == 'index.html' else page}" if self.address else ""

    @property
    def contact_link(self) -> str:
        return f"mailto:{self.contact}" if "@" in self.contact and "://" not in self.contact else self.contact


def settings_from(environment: os._Environ[str] | dict[str, str] | None = None) -> Settings:
    """The settings in the environment. Raises UsageError if one is not an address."""
    variables = os.environ if environment is None else environment
    address, contact = (variables.get(name, "").strip() for name in (ADDRESS, CONTACT))
    if address and not _is_web(address):
        raise UsageError(
            f"{ADDRESS} is {address!r}; expected the site's full address, such as https://index.example.org/"
        )
    if contact and "@" not in contact and not _is_web(contact):
        raise UsageError(f"{CONTACT} is {contact!r}; expected an e-mail address or the full address of a page")
    return Settings(address.rstrip("/") + "/" if address else "", contact)


def _is_web(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme in ("https", "http") and bool(parts.hostname) and not parts.query and not parts.fragment
