"""The watchdog that cuts a connection at its deadline, whatever the server does.

Belongs here: sockets and the clock. What is requested over a connection belongs in fetch.py.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Watchdog:
    """Cuts a session's connections at a deadline, because the timeouts of requests and sockets restart with each byte.

    It keeps a duplicate of each socket, because TLS takes over the socket itself before the handshake is complete. The
    operating system limits how long a name lookup may take.
    """

    def __init__(self) -> None:
        self.has_cut = False
        self._twins: list[socket.socket] = []

    def mount(self, session: requests.Session) -> None:
        """Watch every connection of the session."""
        watchdog = self

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return watchdog._seen(super()._new_conn())

        class Secure(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return watchdog._seen(super()._new_conn())

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        class Adapter(HTTPAdapter):
            def init_poolmanager(self, *arguments: Any, **settings: Any) -> None:
                super().init_poolmanager(*arguments, **settings)
                self.poolmanager.pool_classes_by_scheme = pools

            def proxy_manager_for(self, *arguments: Any, **settings: Any) -> Any:
                manager = super().proxy_manager_for(*arguments, **settings)
                manager.pool_classes_by_scheme = pools
                return manager

        pools = {"http": PlainPool, "https": SecurePool}
        adapter = Adapter(pool_connections=1, pool_maxsize=1, pool_block=True, max_retries=0)
        session.mount("https://", adapter)
        session.mount("http://", adapter)

    @contextmanager
    def until(self, deadline: float) -> Iterator[None]:
        """Watch the enclosed code; afterwards has_cut says whether it overran."""
        self.has_cut = False
        timer = threading.Timer(max(0.0, deadline - time.monotonic()), self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def forget(self) -> None:
        """Release the connections; they close once the session releases them too."""
        while self._twins:
            self._twins.pop().close()

    def _seen(self, connection: socket.socket) -> socket.socket:
        self._twins.append(connection.dup())
        if self.has_cut:  # while the connection was being made
            self._cut()
        return connection

    def _cut(self) -> None:
        self.has_cut = True
        for twin in self._twins:
            with suppress(OSError):  # already closed
                twin.shutdown(socket.SHUT_RDWR)
