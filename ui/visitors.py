"""Who asks: the internet address of a request, as far as it tells visitors apart."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

# What one household or one machine has of IPv6.
HOUSEHOLD_BITS = 64


def address(peer: str | None, forwarded_for: Iterable[str] = ()) -> str | None:
    """The visitor's address, or None where there is none that tells visitors apart.

    A proxy writes whom it speaks for at the end of `X-Forwarded-For`; what stands before that the visitor may have
    made up. So we go from our end, past proxies in private networks (a Space's, a cluster's), to the first public
    address. Where there is none everybody comes from our own network, or through a proxy that does not say.

    Args:
        peer: the address of the other end of the connection.
        forwarded_for: the values of the headers of that name, in their order.
    """
    hops = [part.strip() for value in forwarded_for for part in value.split(",")]
    for hop in (peer or "", *reversed(hops)):
        try:
            found = ipaddress.ip_address(hop.strip("[]").split("%", 1)[0])
        except ValueError:
            # A port, a name, or an invention: from here on nothing can be relied on.
            return None
        if found.is_global:
            return _household(found)
    return None


def _household(found: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((found, HOUSEHOLD_BITS), strict=False).network_address)
