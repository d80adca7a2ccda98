"""Connections that are kept alive and do nothing."""

import socket
import time

from . import machine
from .comparing import Claim, Row, say
from .load import Sample, get_request
from .servers import Ring

# So many from each address of this machine, below what a server allows one address.
PER_ADDRESS = 1000


def measure(setting):
    row = Row(
        "idle", f"{setting.idle:,} idle keep-alive connections",
        "Each has had one get answered. User memory: what RssAnon of the process has grown by, divided by the connections; "
        "the kernel's own memory for a connection is the same for every server.")
    # The default allows 10,000.
    allowed = ["--connections", str(setting.idle + 100)] if setting.idle > 9_000 else []
    with Ring(setting.build, f"{setting.folder}/idle", 1, options=allowed) as ring:
        ring.put({"key": b"v" * 1024})
        say(f"{setting.idle} idle connections")
        warm = _open(ring, 16, 250)
        before = machine.memory_bytes(ring.pids, "RssAnon")
        cpu, began = machine.cpu_seconds(ring.pids), time.monotonic()
        idle = _open(ring, setting.idle, 0)
        try:
            time.sleep(1)
            each = (machine.memory_bytes(ring.pids, "RssAnon") - before) / setting.idle
            used, took = machine.cpu_seconds(ring.pids) - cpu, time.monotonic() - began
            peak = machine.memory_bytes(ring.pids) / 2**20
        finally:
            for connection in warm + idle:
                connection.close()
    row.samples["mydht"] = [Sample(setting.idle, took, used, 0.0, peak_mib=peak, extra={"bytes_per_connection": each})]
    row.claims.append(Claim("KiB of user memory a connection", [each / 1024], 8, False, "KiB"))
    return [row]


def _open(ring, count, address):
    """Connections from several addresses of the loopback network, each with a get answered."""
    opened = []
    request = get_request("/key?consistency=one")
    for i in range(count):
        source = f"127.0.{1 + i // PER_ADDRESS}.{1 + address}"
        connection = socket.create_connection(("127.0.0.1", ring.ports[0]), 10, source_address=(source, 0))
        opened.append(connection)
        connection.sendall(request)
        answer = b""
        while len(answer) < 1024 or b"\r\n\r\n" not in answer:
            part = connection.recv(4096)
            if not part:
                raise RuntimeError(f"connection {i} of {count} was closed: {answer[:200]}")
            answer += part
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"connection {i} of {count} was refused: {answer[:200]}")
    return opened
