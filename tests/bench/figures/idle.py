"""Connections that are kept alive and do nothing."""

import socket
import subprocess
import time

from . import machine
from .comparing import Claim, Row, say
from .load import Sample, get_request
from .servers import Ring

# So many from each address of this machine, below what a server allows one address.
PER_ADDRESS = 1000
# A server allows 10,000 if it is not told otherwise.
BY_DEFAULT = 9_000


def measure(setting):
    count, allowed = _allowed(setting)
    row = Row(
        "idle", f"{count:,} idle keep-alive connections",
        "Each has had one get answered. User memory: what RssAnon of the process has grown by, divided by the connections; "
        "the kernel's own memory for a connection is the same for every server.")
    with Ring(setting.build, f"{setting.folder}/idle", 1, options=allowed) as ring:
        ring.put({"key": b"v" * 1024})
        say(f"{count} idle connections")
        warm = _open(ring, 16, 250)
        before = machine.memory_bytes(ring.pids, "RssAnon")
        cpu, began = machine.cpu_seconds(ring.pids), time.monotonic()
        idle = _open(ring, count, 0)
        try:
            time.sleep(1)
            each = (machine.memory_bytes(ring.pids, "RssAnon") - before) / count
            used, took = machine.cpu_seconds(ring.pids) - cpu, time.monotonic() - began
            peak = machine.memory_bytes(ring.pids) / 2**20
        finally:
            for connection in warm + idle:
                connection.close()
    row.samples["mydht"] = [Sample(count, took, used, 0.0, peak_mib=peak, extra={"bytes_per_connection": each})]
    row.claims.append(Claim("KiB of user memory a connection", [each / 1024], 8, False, "KiB"))
    return [row]


def _allowed(setting):
    """As many as wanted, and the option that allows them; without such an option what a server allows anyway."""
    if setting.idle <= BY_DEFAULT:
        return setting.idle, []
    text = subprocess.run([f"{setting.build}/bin/mydhtserver", "--help"], capture_output=True, text=True, check=True).stdout
    if "--connections N" not in text:
        return BY_DEFAULT, []
    return setting.idle, ["--connections", str(setting.idle + 100)]


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
