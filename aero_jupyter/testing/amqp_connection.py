"""One connection to the broker: what its peer says, frame by frame, and what is answered."""

from __future__ import annotations

import itertools
import socketserver
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pika import frame, spec

if TYPE_CHECKING:
    from aero_jupyter.testing.amqp import Broker

_FRAME_MAX = 1 << 17
_CAPABILITIES = {"publisher_confirms": True, "consumer_cancel_notify": True, "basic.nack": True}


@dataclass
class Message:
    """One message; ``taken`` is called once a consumer has acknowledged it."""

    body: bytes
    properties: Any
    exchange: str = ""
    key: str = ""
    taken: Callable[[], None] = lambda: None
    again: bool = False


@dataclass
class Queue:
    """Messages in order, and who wants them."""

    name: str
    messages: deque[Message] = field(default_factory=deque)
    consumers: deque[Callable[[Message], None]] = field(default_factory=deque)


@dataclass
class _Channel:
    """What one channel of a connection has open."""

    tags: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    confirms: itertools.count[int] | None = None
    unacknowledged: dict[int, tuple[Queue, Message]] = field(default_factory=dict)
    consumers: dict[str, tuple[Queue, Callable[[Message], None]]] = field(default_factory=dict)
    incoming: Any = None
    properties: Any = None
    size: int = 0
    body: bytearray = field(default_factory=bytearray)


class Connection(socketserver.BaseRequestHandler):
    """Serves one peer until it leaves."""

    broker: Broker

    def handle(self) -> None:
        """Take frames as they come."""
        self._channels: dict[int, _Channel] = {}
        self._writing = threading.Lock()
        self._open = True
        buffer = bytearray()
        try:
            while self._open and (chunk := self.request.recv(1 << 16)):
                buffer += chunk
                while (taken := frame.decode_frame(bytes(buffer)))[1] is not None:
                    del buffer[: taken[0]]
                    self._take(taken[1])
        except OSError:
            self._open = False

    def finish(self) -> None:
        """Give back what the peer took and did not acknowledge."""
        for number in list(self._channels):
            self._drop(number)

    def _send(self, *frames: Any) -> None:
        with self._writing:
            self.request.sendall(b"".join(each.marshal() for each in frames))

    def _say(self, channel: int, method: Any) -> None:
        self._send(frame.Method(channel, method))

    def _take(self, received: Any) -> None:
        if isinstance(received, frame.ProtocolHeader):
            self._say(0, spec.Connection.Start(0, 9, {"capabilities": _CAPABILITIES}, "PLAIN", "en_US"))
        elif isinstance(received, frame.Heartbeat):
            self._send(frame.Heartbeat())
        elif isinstance(received, frame.Method):
            answer = _ANSWERS[type(received.method)]
            answer(self, received.channel_number, received.method)
        else:
            self._content(self._channels[received.channel_number], received)

    def _content(self, channel: _Channel, received: Any) -> None:
        if isinstance(received, frame.Header):
            channel.properties, channel.size, channel.body = received.properties, received.body_size, bytearray()
        else:
            channel.body += received.fragment
        if len(channel.body) >= channel.size:
            to = channel.incoming
            self.broker.publish(Message(bytes(channel.body), channel.properties, to.exchange, to.routing_key))
            if channel.confirms is not None:
                number = next(n for n, each in self._channels.items() if each is channel)
                self._say(number, spec.Basic.Ack(next(channel.confirms), False))

    def _start_ok(self, _: int, method: Any) -> None:
        response = method.response if isinstance(method.response, str) else method.response.decode()
        if self.broker.opens(response.rpartition("\0")[2]):
            self._say(0, spec.Connection.Tune(2047, _FRAME_MAX, 0))
        else:
            self._say(0, spec.Connection.Close(403, "ACCESS_REFUSED", 0, 0))
            self._open = False

    def _close(self, _: int, __: Any) -> None:
        self._say(0, spec.Connection.CloseOk())
        self._open = False

    def _open_channel(self, number: int, _: Any) -> None:
        self._channels[number] = _Channel()
        self._say(number, spec.Channel.OpenOk())

    def _close_channel(self, number: int, _: Any) -> None:
        self._drop(number)
        self._say(number, spec.Channel.CloseOk())

    def _drop(self, number: int) -> None:
        """Forget a channel; what it did not acknowledge is handed out again."""
        channel = self._channels.pop(number)
        with self.broker.lock:
            for queue, consumer in channel.consumers.values():
                if consumer in queue.consumers:
                    queue.consumers.remove(consumer)
            for queue, message in reversed(channel.unacknowledged.values()):
                message.again = True
                queue.messages.appendleft(message)
                self.broker.pump(queue)

    def _missing(self, number: int, what: str, method: Any) -> None:
        self._drop(number)
        self._say(number, spec.Channel.Close(404, f"NOT_FOUND - {what}", method.INDEX >> 16, method.INDEX & 0xFFFF))

    def _exchange(self, number: int, method: Any) -> None:
        if method.exchange in self.broker.bindings:
            self._say(number, spec.Exchange.DeclareOk())
        else:
            self._missing(number, f"no exchange '{method.exchange}'", method)

    def _queue(self, number: int, method: Any) -> None:
        queue = self.broker.queues.get(method.queue)
        if queue is None:
            self._missing(number, f"no queue '{method.queue}'", method)
        else:
            self._say(number, spec.Queue.DeclareOk(queue.name, len(queue.messages), len(queue.consumers)))

    def _confirm(self, number: int, _: Any) -> None:
        self._channels[number].confirms = itertools.count(1)
        self._say(number, spec.Confirm.SelectOk())

    def _publish(self, number: int, method: Any) -> None:
        self._channels[number].incoming = method

    def _consume(self, number: int, method: Any) -> None:
        queue = self.broker.queues.get(method.queue)
        if queue is None:
            self._missing(number, f"no queue '{method.queue}'", method)
            return
        channel, tag = self._channels[number], method.consumer_tag

        def deliver(message: Message) -> None:
            delivery = next(channel.tags)
            head = spec.Basic.Deliver(tag, delivery, message.again, message.exchange, message.key)
            step = _FRAME_MAX - 8
            parts = [message.body[at : at + step] for at in range(0, len(message.body), step)]
            header = frame.Header(number, len(message.body), message.properties)
            self._send(frame.Method(number, head), header, *(frame.Body(number, part) for part in parts))
            channel.unacknowledged[delivery] = queue, message

        channel.consumers[tag] = queue, deliver
        self._say(number, spec.Basic.ConsumeOk(tag))
        with self.broker.lock:
            queue.consumers.append(deliver)
            self.broker.pump(queue)

    def _cancel(self, number: int, method: Any) -> None:
        queue, consumer = self._channels[number].consumers.pop(method.consumer_tag)
        with self.broker.lock:
            if consumer in queue.consumers:
                queue.consumers.remove(consumer)
        self._say(number, spec.Basic.CancelOk(method.consumer_tag))

    def _acknowledge(self, number: int, method: Any) -> None:
        waiting = self._channels[number].unacknowledged
        upto = method.delivery_tag
        with self.broker.lock:
            done = [waiting.pop(tag) for tag in list(waiting) if tag == upto or (method.multiple and tag < upto)]
        for _, message in done:
            message.taken()

    def _nothing(self, _: int, __: Any) -> None:
        """Some answers need no answer."""


_ANSWERS: dict[type, Callable[[Connection, int, Any], None]] = {
    spec.Connection.StartOk: Connection._start_ok,
    spec.Connection.TuneOk: Connection._nothing,
    spec.Connection.Open: lambda self, _, __: self._say(0, spec.Connection.OpenOk()),
    spec.Connection.Close: Connection._close,
    spec.Channel.Open: Connection._open_channel,
    spec.Channel.Close: Connection._close_channel,
    spec.Channel.CloseOk: Connection._nothing,
    spec.Exchange.Declare: Connection._exchange,
    spec.Queue.Declare: Connection._queue,
    spec.Confirm.Select: Connection._confirm,
    spec.Basic.Publish: Connection._publish,
    spec.Basic.Consume: Connection._consume,
    spec.Basic.Cancel: Connection._cancel,
    spec.Basic.Ack: Connection._acknowledge,
}
