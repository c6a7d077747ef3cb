"""Facts about network addresses."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether a host name or IP address means this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
