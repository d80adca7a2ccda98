"""Load on servers, and what they spent on it."""

import json
import os
import re
import subprocess
import time
from dataclasses import dataclass, field

from . import machine

KEY_COUNT = 1000
TRIES = 3
# The kernel counts CPU in ticks: in a very short round it may be none.
TICK_SECONDS = 1 / machine.TICK


@dataclass
class Sample:
    """What was seen in one round of one system."""

    requests: float          # answered; of large values with a part of those under way at the end
    seconds: float
    cpu_seconds: float       # of all processes that serve
    client_cpu_seconds: float
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    p999_ms: float = 0.0
    peak_mib: float = 0.0    # of all processes that serve
    body_bytes: int = 0      # received, heads and all
    extra: dict = field(default_factory=dict)

    @property
    def rate(self):
        return self.requests / self.seconds

    @property
    def cpu_us(self):
        return self.cpu_seconds / self.requests * 1e6

    def shown(self):
        return {
            "requests": self.requests, "seconds": self.seconds, "requests_per_second": self.rate,
            "cpu_us_per_request": self.cpu_us, "client_cpu_us_per_request": self.client_cpu_seconds / self.requests * 1e6,
            "p50_ms": self.p50_ms, "p99_ms": self.p99_ms, "p999_ms": self.p999_ms, "peak_mib": self.peak_mib,
            "mb_per_second": self.body_bytes / self.seconds / 1e6, **self.extra,
        }


def write_requests(path, requests):
    """A file for load_bench of pairs: the bytes, and how many answers they bring."""
    with open(path, "wb") as file:
        for content, answers in requests:
            file.write(b"%d %d\n%s" % (len(content), answers, content))
    return path


def get_request(path):
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def put_request(path, value):
    return f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(value)}\r\n\r\n".encode() + value


@dataclass
class Plan:
    """How load is made: which client program, how long, on which core (None: any)."""

    build: str
    folder: str
    seconds: float
    client_core: int | None = None

    def _pin(self, core):
        return ["taskset", "-c", str(core)] if core is not None else []

    def run(self, servers, protocol, requests, connections, ports=None, pinned=False, answer_bytes=None):
        """load_bench on `ports` of the servers, or on all of them. With `answer_bytes` requests are counted by what came,
        since of large answers many are under way at the end. A round in which a disk stood still for all of it is
        repeated."""
        for _ in range(TRIES):
            sample = self._run_once(servers, protocol, requests, connections, ports, pinned, answer_bytes)
            if sample.requests:
                return sample
        raise RuntimeError("not one answer in any of the rounds")

    def _run_once(self, servers, protocol, requests, connections, ports, pinned, answer_bytes):
        ports = ",".join(map(str, ports or servers.ports))
        command = [f"{self.build}/bin/load_bench", protocol, ports, str(connections), str(self.seconds), requests]
        pin = self._pin(self.client_core if pinned else None)
        client = subprocess.Popen([*pin, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            if client.stdout.readline() != "ready\n":
                raise RuntimeError(f"load_bench: {client.stderr.read()}")
            machine.reset_peak(servers.pids)
            before = machine.cpu_seconds(servers.pids)
            client.stdin.write("go\n")
            client.stdin.flush()
            answer = client.stdout.readline()
            used = max(machine.cpu_seconds(servers.pids) - before, TICK_SECONDS)
            if not answer:
                raise RuntimeError(f"load_bench: {client.stderr.read()}")
        finally:
            client.kill()
            client.communicate()
        said = json.loads(answer)
        requests = said["bytes"] / answer_bytes if answer_bytes else said["requests"]
        if said["errors"]:
            raise RuntimeError(f"load_bench: {answer}")
        return Sample(
            requests, said["seconds"], used, said["client_cpu_seconds"], said["p50_ms"], said["p99_ms"],
            said["p999_ms"], machine.memory_bytes(servers.pids) / 2**20, said["bytes"])

    def run_etcd(self, servers, key, value, clients):
        """Puts over gRPC, each client on a connection of its own, at the leader; by h2load, which speaks HTTP/2."""
        message = _field(1, key.encode()) + _field(2, value)
        with open(f"{self.folder}/put", "wb") as file:
            file.write(b"\0" + len(message).to_bytes(4, "big") + message)
        log = f"{self.folder}/h2load.log"
        if os.path.exists(log):
            os.unlink(log)
        address = f"http://127.0.0.1:{servers.ports[0]}/etcdserverpb.KV/Put"
        command = [
            machine.find("h2load"), "-c", str(clients), "-m", "1", "-D", str(self.seconds), "-d", f"{self.folder}/put",
            "-H", "content-type: application/grpc", "-H", "te: trailers", "--log-file", log, address]
        machine.reset_peak(servers.pids)
        before = machine.cpu_seconds(servers.pids)
        written = servers.writes(key)
        began = time.monotonic()
        client = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        report = client.stdout.read()
        _, status, usage = os.wait4(client.pid, 0)
        client.returncode = status
        took = time.monotonic() - began
        used = machine.cpu_seconds(servers.pids) - before
        written = servers.writes(key) - written
        with open(log) as file:
            times = sorted(int(line.split("\t")[2]) / 1e3 for line in file)
        # gRPC says in trailers what went wrong: that all was written, the key's count of writes says.
        if not times or "0 failed, 0 errored" not in report or not 0 <= written - len(times) <= clients:
            raise RuntimeError(f"h2load: {written} written of {len(times)}:\n{report}")
        quantile = lambda share: times[min(len(times) - 1, int(share * len(times)))]
        return Sample(
            len(times), min(took, float(self.seconds)), used, usage.ru_utime + usage.ru_stime, quantile(0.5),
            quantile(0.99), quantile(0.999), machine.memory_bytes(servers.pids) / 2**20)

    def run_wrk(self, servers, path, connections):
        """Requests a second that wrk sees: a client that is not ours, to check ours by."""
        address = f"http://127.0.0.1:{servers.ports[0]}{path}"
        command = [*self._pin(self.client_core), machine.find("wrk"), "-t1", f"-c{connections}", f"-d{max(1, int(self.seconds))}s", address]
        report = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in report or "Socket errors" in report:
            raise RuntimeError(f"wrk: {report}")
        return float(re.search(r"Requests/sec:\s+([\d.]+)", report).group(1))


def _field(number, content):
    """A field of bytes in a protocol buffer."""
    length, out = len(content), bytes([number << 3 | 2])
    while length > 127:
        out += bytes([length & 127 | 128])
        length >>= 7
    return out + bytes([length]) + content
