"""An AMQP 0-9-1 broker on loopback, as much of one as a Globus Compute endpoint needs, on pika's own codec.

Queues, acknowledgements and publisher confirms are real; every binding takes everything, and nothing is kept on disk.
"""

from __future__ import annotations

import hmac
import secrets
import socketserver
import threading
from collections.abc import Callable

from support.amqp_connection import Connection, Message, Queue


class Broker:
    """The broker; use it as a context.

    Attributes
    ----------
    url : str
        The URL with the password.
    """

    def __init__(self) -> None:
        self._password = secrets.token_urlsafe(16)
        self.lock = threading.RLock()
        self.queues: dict[str, Queue] = {}
        self.bindings: dict[str, list[str]] = {}
        handler = type("Handler", (Connection,), {"broker": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.url = f"amqp://guest:{self._password}@127.0.0.1:{self._server.server_address[1]}/%2F"

    def __enter__(self) -> Broker:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="broker")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def accepts_password(self, password: str) -> bool:
        """Return whether this is the password."""
        return hmac.compare_digest(password.encode(), self._password.encode())

    def declare(self, queue: str, exchange: str | None = None) -> Queue:
        """Create a queue, and bind it to an exchange."""
        with self.lock:
            if exchange is not None:
                self.bindings.setdefault(exchange, []).append(queue)
            return self.queues.setdefault(queue, Queue(queue))

    def subscribe(self, queue: str, on_message: Callable[[Message], None]) -> None:
        """Call a function for each message of a queue."""
        with self.lock:
            self.declare(queue).consumers.append(on_message)

    def publish(self, message: Message) -> None:
        """Add a message to its queues and deliver it to waiting consumers."""
        names = self.bindings.get(message.exchange, []) if message.exchange else [message.key]
        with self.lock:
            for queue in [self.queues[name] for name in names if name in self.queues]:
                queue.messages.append(message)
                self.deliver_waiting(queue)

    def deliver_waiting(self, queue: Queue) -> None:
        """Deliver waiting messages to the consumers in turn; remove consumers that disconnected."""
        with self.lock:
            while queue.messages and queue.consumers:
                consumer = queue.consumers[0]
                queue.consumers.rotate(-1)
                message = queue.messages.popleft()
                try:
                    consumer(message)
                except OSError:
                    queue.messages.appendleft(message)
                    queue.consumers.remove(consumer)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
