"""The classification of network addresses: public, private or on this machine."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable

from aero_jupyter.jobs.lookups import LookupTimeout, look_up

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
#: Metadata services of clouds that are not link-local.
_METADATA = frozenset({"fd00:ec2::254", "fd20:ce::254", "100.100.100.200"})
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_AT_PUBLIC, _AT_PRIVATE, _AT_LOOPBACK = range(3)


def host_depth(host: str, choose: Callable[[Iterable[int]], int]) -> int:
    """Return how far inside a host is: 0 public, 1 private, 2 on this machine; `choose` is `min` or `max`."""
    return choose([depth_of_address(each) for each in _resolved(host)] or [_AT_PUBLIC])


def depth_of_address(text: str) -> int:
    """Return how far inside a network address is: 0 public, 1 private, 2 on this machine."""
    address = _plain(text)
    if address.is_loopback or address.is_unspecified:
        return _AT_LOOPBACK
    return _AT_PUBLIC if address.is_global else _AT_PRIVATE


def is_link_local_address(text: str) -> bool:
    """Return whether a network address is link-local, or one of a cloud's metadata service."""
    address = _plain(text)
    return address.is_link_local or str(address) in _METADATA


def _resolved(host: str) -> set[str]:
    try:
        return look_up(host)
    except LookupTimeout:
        return set()


def _plain(text: str) -> _Address:
    """Return an address without its zone, or the IPv4 address that it embeds."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return inside or address
    return address
