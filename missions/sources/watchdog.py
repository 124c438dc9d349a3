"""The watchdog of a fetch: cuts a connection at its deadline, whatever the server does until then.

Belongs here: sockets and the clock. What is asked over a connection is for fetch.py.
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
    """Cuts the connections of a session at a deadline: timeouts of requests and of sockets begin anew with each byte.

    It keeps a twin of each socket, as TLS takes the socket itself over before its handshake has ended. How long a name
    is looked up is the system's to bound.
    """

    def __init__(self) -> None:
        self.has_cut = False
        self._twins: list[socket.socket] = []

    def mount(self, session: requests.Session) -> None:
        """Let all connections of the session be seen."""
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
        """Watch what happens within; has_cut says whether it took too long."""
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
        """Let go of the connections; they are closed when the session lets go of them too."""
        while self._twins:
            self._twins.pop().close()

    def _seen(self, connection: socket.socket) -> socket.socket:
        self._twins.append(connection.dup())
        if self.has_cut:  # while it was being made
            self._cut()
        return connection

    def _cut(self) -> None:
        self.has_cut = True
        for twin in self._twins:
            with suppress(OSError):  # closed already
                twin.shutdown(socket.SHUT_RDWR)
