"""Large values: gets of 64 MiB, and the put of 1 GiB."""

import os
import socket
import threading
import time

from . import machine
from .comparing import Row, rounds, say
from .load import Sample, get_request, write_requests
from .servers import Nginx, Ring

PIECE = 1 << 20


def measure_gets(setting):
    size = setting.get_mib << 20
    row = Row(
        "get-large", f"get {setting.get_mib} MiB, every chunk verified",
        setting.pinned_text + " mydht checks the XXH3 of every 256 KiB before it sends them; nginx sends with sendfile and "
        "checks nothing. The client reads everything into memory.")
    plan, folder = setting.plan, setting.folder
    value = os.urandom(PIECE) * (size // PIECE)
    requests = write_requests(f"{folder}/large", [(get_request("/large?consistency=one"), 1)])
    started = []
    try:
        ring = Ring(setting.build, f"{folder}/largering", 1, setting.server_core)
        started.append(ring)
        ring.put({"large": value})
        if setting.peers:
            nginx = Nginx(f"{folder}/largenginx", {"large": value}, setting.server_core)
            started.append(nginx)
        for connections in (1, 16):
            say(f"gets of {setting.get_mib} MiB, {connections} connections")
            run = lambda servers: lambda: plan.run(servers, "http", requests, connections, pinned=True, answer_bytes=size)
            systems = {f"mydht, {connections}": run(ring)}
            if setting.peers:
                systems[f"nginx, {connections}"] = run(nginx)
            row.samples |= rounds(systems, setting.rounds)
            ours, theirs = f"mydht, {connections}", f"nginx, {connections}"
            row.claim(f"MB/s / nginx sendfile, {connections} connections", ours, theirs, _bytes_a_second, 1.0, True)
            row.claim(f"CPU a byte / nginx, {connections} connections", ours, theirs, _cpu_a_byte, 1.6, False)
    finally:
        for servers in started:
            servers.stop()
    return [row]


def _bytes_a_second(sample):
    return sample.body_bytes / sample.seconds


def _cpu_a_byte(sample):
    return sample.cpu_seconds / sample.body_bytes


def measure_put(setting):
    mib = setting.put_mib
    text = "1 GiB" if mib == 1024 else f"{mib} MiB"
    row = Row(
        "put-large", f"put {text} into a ring of 3",
        f"Nothing is pinned. The yardstick writes three files of {text} at once, each by a thread of its own in pieces of "
        "1 MiB, and syncs them, on the same disk. Each round waits until what the one before left in memory is on disk. "
        "MB/s are those of the value, not of its three copies.")
    folder = setting.folder
    source = f"{folder}/source"
    block = os.urandom(PIECE)
    with open(source, "wb") as file:
        for _ in range(mib):
            file.write(block)
    with Ring(setting.build, f"{folder}/putring", 3) as ring:
        say(f"put of {text}")
        systems = {
            "mydht": lambda: _settled(lambda: _put(ring, source, mib << 20)),
            "three files": lambda: _settled(lambda: _write_files(folder, source, mib)),
        }
        row.samples = rounds(systems, setting.rounds if not setting.full else 3)
    row.claim("MB/s / three files with sync", "mydht", "three files", lambda sample: sample.rate, 0.5, True)
    return [row]


def _settled(measure):
    os.sync()
    return measure()


def _put(ring, source, size):
    """The file by sendfile: a client that costs next to nothing."""
    machine.reset_peak(ring.pids)
    before = machine.cpu_seconds(ring.pids)
    mine = time.process_time()
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", ring.ports[0]), 120) as connection, open(source, "rb") as file:
        connection.sendall(f"PUT /big HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {size}\r\n\r\n".encode())
        connection.sendfile(file)
        answer = connection.recv(4096).decode()
    took = time.monotonic() - began
    if not answer.startswith(("HTTP/1.1 201", "HTTP/1.1 204")):
        raise RuntimeError(f"mydhtserver answers to a large put: {answer}")
    used = machine.cpu_seconds(ring.pids) - before
    peak = machine.memory_bytes(ring.pids) / 2**20
    return Sample(1, took, used, time.process_time() - mine, took * 1e3, took * 1e3, took * 1e3, peak, size)


def _write_files(folder, source, mib):
    def write(number):
        with open(source, "rb") as file, open(f"{folder}/yardstick{number}", "wb", buffering=0) as out:
            while piece := file.read(PIECE):
                out.write(piece)
            os.fsync(out.fileno())

    before = time.process_time()
    began = time.monotonic()
    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    for number in range(3):
        os.unlink(f"{folder}/yardstick{number}")
    used = time.process_time() - before
    return Sample(1, took, used, 0.0, took * 1e3, took * 1e3, took * 1e3, 0.0, mib << 20)
