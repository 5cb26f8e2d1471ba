"""One connection to the broker: reads the peer's frames and answers them."""

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
    from support.amqp import Broker

_FRAME_MAX = 1 << 17
_CAPABILITIES = {"publisher_confirms": True, "consumer_cancel_notify": True, "basic.nack": True}


@dataclass
class Message:
    """One message; ``on_acknowledged`` is called when a consumer acknowledges it."""

    body: bytes
    properties: Any
    exchange: str = ""
    key: str = ""
    on_acknowledged: Callable[[], None] = lambda: None
    is_redelivered: bool = False


@dataclass
class Queue:
    """Messages in order, and their consumers."""

    name: str
    messages: deque[Message] = field(default_factory=deque)
    consumers: deque[Callable[[Message], None]] = field(default_factory=deque)


@dataclass
class _Channel:
    """The state of one channel of a connection."""

    tags: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    confirms: itertools.count[int] | None = None
    unacknowledged: dict[int, tuple[Queue, Message]] = field(default_factory=dict)
    consumers: dict[str, tuple[Queue, Callable[[Message], None]]] = field(default_factory=dict)
    incoming: Any = None
    properties: Any = None
    size: int = 0
    body: bytearray = field(default_factory=bytearray)


class Connection(socketserver.BaseRequestHandler):
    """Serves one peer until it disconnects."""

    broker: Broker

    def handle(self) -> None:
        """Handle frames until the peer disconnects."""
        self._channels: dict[int, _Channel] = {}
        self._writing = threading.Lock()
        self._open = True
        buffer = bytearray()
        try:
            while self._open and (chunk := self.request.recv(1 << 16)):
                buffer += chunk
                while (decoded := frame.decode_frame(bytes(buffer)))[1] is not None:
                    del buffer[: decoded[0]]
                    self._handle_frame(decoded[1])
        except OSError:
            self._open = False

    def finish(self) -> None:
        """Requeue the messages that the peer did not acknowledge."""
        for number in list(self._channels):
            self._close_and_requeue(number)

    def _send(self, *frames: Any) -> None:
        with self._writing:
            self.request.sendall(b"".join(each.marshal() for each in frames))

    def _send_method(self, channel: int, method: Any) -> None:
        self._send(frame.Method(channel, method))

    def _handle_frame(self, received: Any) -> None:
        if isinstance(received, frame.ProtocolHeader):
            self._send_method(0, spec.Connection.Start(0, 9, {"capabilities": _CAPABILITIES}, "PLAIN", "en_US"))
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
                self._send_method(number, spec.Basic.Ack(next(channel.confirms), False))

    def _start_ok(self, _: int, method: Any) -> None:
        response = method.response if isinstance(method.response, str) else method.response.decode()
        if self.broker.accepts_password(response.rpartition("\0")[2]):
            self._send_method(0, spec.Connection.Tune(2047, _FRAME_MAX, 0))
        else:
            self._send_method(0, spec.Connection.Close(403, "ACCESS_REFUSED", 0, 0))
            self._open = False

    def _close(self, _: int, __: Any) -> None:
        self._send_method(0, spec.Connection.CloseOk())
        self._open = False

    def _open_channel(self, number: int, _: Any) -> None:
        self._channels[number] = _Channel()
        self._send_method(number, spec.Channel.OpenOk())

    def _close_channel(self, number: int, _: Any) -> None:
        self._close_and_requeue(number)
        self._send_method(number, spec.Channel.CloseOk())

    def _close_and_requeue(self, number: int) -> None:
        """Close a channel and requeue the messages that its peer did not acknowledge."""
        channel = self._channels.pop(number)
        with self.broker.lock:
            for queue, consumer in channel.consumers.values():
                if consumer in queue.consumers:
                    queue.consumers.remove(consumer)
            for queue, message in reversed(channel.unacknowledged.values()):
                message.is_redelivered = True
                queue.messages.appendleft(message)
                self.broker.deliver_waiting(queue)

    def _report_missing(self, number: int, what: str, method: Any) -> None:
        self._close_and_requeue(number)
        self._send_method(
            number, spec.Channel.Close(404, f"NOT_FOUND - {what}", method.INDEX >> 16, method.INDEX & 0xFFFF)
        )

    def _exchange(self, number: int, method: Any) -> None:
        if method.exchange in self.broker.bindings:
            self._send_method(number, spec.Exchange.DeclareOk())
        else:
            self._report_missing(number, f"no exchange '{method.exchange}'", method)

    def _queue(self, number: int, method: Any) -> None:
        queue = self.broker.queues.get(method.queue)
        if queue is None:
            self._report_missing(number, f"no queue '{method.queue}'", method)
        else:
            self._send_method(number, spec.Queue.DeclareOk(queue.name, len(queue.messages), len(queue.consumers)))

    def _confirm(self, number: int, _: Any) -> None:
        self._channels[number].confirms = itertools.count(1)
        self._send_method(number, spec.Confirm.SelectOk())

    def _publish(self, number: int, method: Any) -> None:
        self._channels[number].incoming = method

    def _consume(self, number: int, method: Any) -> None:
        queue = self.broker.queues.get(method.queue)
        if queue is None:
            self._report_missing(number, f"no queue '{method.queue}'", method)
            return
        channel, tag = self._channels[number], method.consumer_tag

        def deliver(message: Message) -> None:
            delivery = next(channel.tags)
            head = spec.Basic.Deliver(tag, delivery, message.is_redelivered, message.exchange, message.key)
            step = _FRAME_MAX - 8
            parts = [message.body[at : at + step] for at in range(0, len(message.body), step)]
            header = frame.Header(number, len(message.body), message.properties)
            self._send(frame.Method(number, head), header, *(frame.Body(number, part) for part in parts))
            channel.unacknowledged[delivery] = queue, message

        channel.consumers[tag] = queue, deliver
        self._send_method(number, spec.Basic.ConsumeOk(tag))
        with self.broker.lock:
            queue.consumers.append(deliver)
            self.broker.deliver_waiting(queue)

    def _cancel(self, number: int, method: Any) -> None:
        queue, consumer = self._channels[number].consumers.pop(method.consumer_tag)
        with self.broker.lock:
            if consumer in queue.consumers:
                queue.consumers.remove(consumer)
        self._send_method(number, spec.Basic.CancelOk(method.consumer_tag))

    def _acknowledge(self, number: int, method: Any) -> None:
        waiting = self._channels[number].unacknowledged
        upto = method.delivery_tag
        with self.broker.lock:
            done = [waiting.pop(tag) for tag in list(waiting) if tag == upto or (method.multiple and tag < upto)]
        for _, message in done:
            message.on_acknowledged()

    def _ignore(self, _: int, __: Any) -> None:
        """Ignore a frame that needs no response."""


_ANSWERS: dict[type, Callable[[Connection, int, Any], None]] = {
    spec.Connection.StartOk: Connection._start_ok,
    spec.Connection.TuneOk: Connection._ignore,
    spec.Connection.Open: lambda self, _, __: self._send_method(0, spec.Connection.OpenOk()),
    spec.Connection.Close: Connection._close,
    spec.Channel.Open: Connection._open_channel,
    spec.Channel.Close: Connection._close_channel,
    spec.Channel.CloseOk: Connection._ignore,
    spec.Exchange.Declare: Connection._exchange,
    spec.Queue.Declare: Connection._queue,
    spec.Confirm.Select: Connection._confirm,
    spec.Basic.Publish: Connection._publish,
    spec.Basic.Consume: Connection._consume,
    spec.Basic.Cancel: Connection._cancel,
    spec.Basic.Ack: Connection._acknowledge,
}
