"""Announces the Wyoming port in the local network by mDNS, so that Home Assistant finds it; needs zeroconf."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from deepspeech.errors import MissingPartError

try:
    from zeroconf import ServiceInfo
    from zeroconf.asyncio import AsyncZeroconf
except ImportError:
    AsyncZeroconf = None

KIND = "_wyoming._tcp.local."
ANYWHERE = ("224.0.0.251", 5353)  # of mDNS; nothing is sent to it to find out this machine's address


def check_zeroconf() -> None:
    """Raise MissingPartError without the package."""
    if AsyncZeroconf is None:
        raise MissingPartError("announcing needs zeroconf: pip install zeroconf")


@asynccontextmanager
async def announced(port: int | None) -> AsyncIterator[None]:
    """Within, the port is announced; None: nothing is."""
    if port is None:
        yield
        return
    check_zeroconf()
    name = f"deepspeech-{socket.gethostname().split('.')[0]}"[:60]
    info = ServiceInfo(KIND, f"{name}.{KIND}", port, addresses=[socket.inet_aton(_address())])
    async with AsyncZeroconf() as announcer:
        await announcer.async_register_service(info)
        try:
            yield
        finally:
            await announcer.async_unregister_service(info)


def _address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(ANYWHERE)
        return str(probe.getsockname()[0])
