"""A simulated bucket: objects on this machine, and a notification after each change."""

from __future__ import annotations

from collections.abc import Callable

from aero_jupyter.demo.file_server import FileServer
from aero_jupyter.demo.usual_ports import at_usual_port

#: Buckets opened by `bucket` in this kernel, by name.
_opened: dict[str, Bucket] = {}


class Bucket(FileServer):
    """A small HTTP store of objects that notifies its subscribers, as an object store does.

    Parameters
    ----------
    port : int
        Port to listen on; 0 takes any free one.

    Attributes
    ----------
    url : str
        Where the objects are: the key of an object follows it.
    """

    def __init__(self, port: int = 0) -> None:
        self._objects: dict[str, bytes] = {}
        self._subscribers: list[tuple[str, Callable[[str], object]]] = []
        super().__init__(port)
        self.url = self.root

    def __repr__(self) -> str:
        return f"Bucket({len(self._objects)} objects)"

    def subscribe(self, notify: Callable[[str], object], prefix: str = "") -> None:
        """Call a function with the key of each object that is stored from now on.

        Parameters
        ----------
        notify : callable
            For example one that calls ``aero.current().client.notify``.
        prefix : str
            The beginning of the keys; by default any.

        Examples
        --------
        >>> with Bucket() as opened:
        ...     opened.subscribe(print)
        ...     opened.put("reports/north.csv", "hour,delay")
        reports/north.csv
        """
        self._subscribers.append((prefix, notify))

    def put(self, key: str, text: str) -> None:
        """Store an object, and notify the subscribers.

        Parameters
        ----------
        key : str
            Such as ``reports/north.csv``.
        text : str
            The content.

        Examples
        --------
        >>> with Bucket() as opened:
        ...     opened.put("reports/north.csv", "hour,delay")
        ...     opened
        Bucket(1 objects)
        """
        self._objects[key] = text.encode()
        for prefix, notify in self._subscribers:
            if key.startswith(prefix):
                notify(key)

    def file_at(self, path: str) -> bytes | None:
        """Return the object whose key the path is.

        Parameters
        ----------
        path : str
            Without the slash at its beginning.

        Returns
        -------
        bytes or None
            None if there is no such object.

        Examples
        --------
        >>> with Bucket() as opened:
        ...     opened.file_at("reports/north.csv")
        """
        return self.content(path)

    def content(self, key: str) -> bytes | None:
        """Return an object.

        Parameters
        ----------
        key : str

        Returns
        -------
        bytes or None
            None if there is no such object.

        Examples
        --------
        >>> with Bucket() as opened:
        ...     opened.content("reports/north.csv")
        """
        return self._objects.get(key)


def bucket(name: str = "bucket") -> Bucket:
    """Open an empty bucket.

    The URL depends only on `name` and on the folder of the local AERO, so that flows registered by an earlier kernel
    still reach their objects. A bucket of this name that is open in this kernel is closed first.

    Parameters
    ----------
    name : str
        Buckets that are open at the same time need different names.

    Returns
    -------
    Bucket
        A server on this machine; close it with ``close()``.

    Raises
    ------
    OSError
        If no port is free.

    Examples
    --------
    >>> with bucket(name="example") as opened:
    ...     opened
    Bucket(0 objects)
    """
    if name in _opened:
        _opened.pop(name).close()
    _opened[name] = at_usual_port(f"bucket {name}", lambda port: Bucket(port=port), f"the bucket {name}")
    return _opened[name]
