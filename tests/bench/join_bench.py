#!/usr/bin/python3
"""What a join costs: three real nodes on loopback hold KEYS values of MIB MiB together, and a fourth joins.

  moved    bytes that the joiner fetched, over the least possible: its fair share of all copies
  rate     bytes a second of a join while nothing else runs and without a limit, over those of one file of as many
           bytes that is written and synced on the same disk in the same run
  p99      of clients' puts and gets while a node joins at the default rate, over the same before

Nine in ten values are small and lie in their rows, the tenth is of 64 KiB and more and lies in a file. Prints Markdown,
or JSON with --json; what it does meanwhile goes to standard error.

usage: join_bench.py BUILD_DIRECTORY [--keys 100000] [--mib 1024] [--clients 2] [--seconds 10] [--folder DIR] [--json]
"""

import argparse
import http.client
import json
import multiprocessing
import os
import random
import re
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from nodes import Node, say, store  # noqa: E402

LARGE_EVERY = 10
LARGE = 100_000
COPIES = 3
DONE = re.compile(r"fill\.done partitions=(\d+) of=\d+ bytes=(\d+)")


def await_filled(node):
    """Seconds from the start until everything that belongs there is there, and the bytes that were fetched."""
    while True:
        status = node.status()
        took = time.monotonic() - node.began
        log = node.journal()
        fetched = [int(found.group(2)) for found in DONE.finditer(log)]
        if fetched and not status.get("toFill") and status["activeVersions"] == 1:
            return took, sum(fetched)
        if took > 1800:
            sys.exit(f"a joiner does not come to an end:\n{log[-2000:]}")
        time.sleep(0.05)


def sizes(keys, total):
    """The sizes of all values: every tenth a file where the total allows it, the others as large as it takes."""
    large = min(keys // LARGE_EVERY, total // 2 // LARGE)
    small = (total - large * LARGE) // max(1, keys - large)
    return [LARGE if i % LARGE_EVERY == 0 and i // LARGE_EVERY < large else small for i in range(keys)]


def client(ports, keys, number, stop, results):
    """Puts values of 1 KiB and gets what was stored at the start, by turns; when each began and what it took."""
    draw = random.Random(number)
    connections = [http.client.HTTPConnection("127.0.0.1", port, timeout=60) for port in ports]
    seen, count = [], 0
    while not stop.is_set():
        connection = draw.choice(connections)
        began = time.monotonic()
        if count % 2:
            connection.request("PUT", f"/client/{number}/{draw.randrange(1000)}", b"v" * 1024)
        else:
            connection.request("GET", f"/key/{draw.randrange(keys)}")
        answer = connection.getresponse()
        answer.read()
        seen.append((began, time.monotonic() - began, answer.status in (200, 201, 204)))
        count += 1
    results.put(seen)


def p99(seen, begin, end):
    times = sorted(took for began, took, _ in seen if begin <= began < end)
    if len(times) < 100:
        sys.exit(f"only {len(times)} operations to take a percentile of")
    return times[int(len(times) * 0.99)], len(times)


def disk_rate(folder, count):
    """Bytes a second of one file that is written in pieces of 1 MiB and synced at its end."""
    piece = os.urandom(1 << 20)
    began = time.monotonic()
    with open(f"{folder}/yardstick", "wb", buffering=0) as file:
        for _ in range(max(1, count >> 20)):
            file.write(piece)
        os.fsync(file.fileno())
    took = time.monotonic() - began
    os.unlink(f"{folder}/yardstick")
    return max(1, count >> 20) * (1 << 20) / took


def remove(build, node, gone):
    for _ in range(100):
        words = ["-h", "localhost", "-p", str(node.port), "-c", "remove", "-k", f"localhost:{gone.port}"]
        if subprocess.run([f"{build}/bin/mydhtclient", *words], capture_output=True).returncode == 0:
            break
        time.sleep(0.3)
    else:
        sys.exit("the joiner could not be removed")
    while node.status()["activeVersions"] != 1 or len(node.status()["members"]) != 3:
        time.sleep(0.1)


def measure(options, folder, nodes):
    for number in range(3):
        seed = ["-s", f"localhost:{nodes[0].port}"] if nodes else []
        nodes.append(Node(options.build, folder, f"node{number}", seed))
    seed = ["-s", f"localhost:{nodes[0].port}"]
    all_sizes = sizes(options.keys, options.mib << 20)
    total = sum(all_sizes) + sum(len(f"key/{i}") for i in range(options.keys))
    least = COPIES * total // 4
    say(f"storing {options.keys} values, {total >> 20} MiB")
    store(nodes, all_sizes)

    say("join alone, without a limit")
    disk = disk_rate(folder, least)
    joiner = Node(options.build, folder, "joiner", [*seed, "--fill-rate", "0"])
    nodes.append(joiner)
    took, moved = await_filled(joiner)
    say(f"{moved >> 20} MiB in {took:.1f} s; removing it again")
    joiner.kill()
    nodes.remove(joiner)
    remove(options.build, nodes[0], joiner)

    say("join under load, at the default rate")
    stop, results = multiprocessing.Event(), multiprocessing.Queue()
    arguments = ([node.port for node in nodes], options.keys)
    clients = [multiprocessing.Process(target=client, args=(*arguments, i, stop, results)) for i in range(options.clients)]
    for process in clients:
        process.start()
    time.sleep(1)
    before = time.monotonic()
    time.sleep(options.seconds)
    began = time.monotonic()
    second = Node(options.build, folder, "second", seed)
    nodes.append(second)
    under, _ = await_filled(second)
    end = time.monotonic()
    stop.set()
    seen = [one for _ in clients for one in results.get()]
    for process in clients:
        process.join()
    failed = sum(not fine for _, _, fine in seen)
    quiet, quiet_count = p99(seen, before, began)
    busy, busy_count = p99(seen, began, end)
    return {
        "keys": options.keys, "bytes": total, "moved_bytes": moved, "least_bytes": least, "moved_ratio": moved / least,
        "join_seconds": took, "join_bytes_per_second": moved / took, "disk_bytes_per_second": disk,
        "rate_ratio": moved / took / disk, "join_under_load_seconds": under, "p99_before_ms": quiet * 1e3,
        "operations_before": quiet_count, "p99_during_ms": busy * 1e3, "operations_during": busy_count,
        "p99_ratio": busy / quiet, "failed_operations": failed,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--clients", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--folder", help="where the nodes keep their data: on the disk that is to be measured")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    nodes = []
    multiprocessing.set_start_method("fork")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        try:
            figures = measure(options, folder, nodes)
        finally:
            for node in nodes:
                node.kill()
    if options.json:
        print(json.dumps(figures, indent=2))
        return
    f = figures
    print("| | measured | wanted |\n|---|---|---|")
    print(f"| moved / least possible ({f['moved_bytes'] >> 20} of {f['least_bytes'] >> 20} MiB) "
          f"| {f['moved_ratio']:.2f} | at most 1.1 |")
    print(f"| rate alone / the disk's ({f['join_bytes_per_second'] / 1e6:.0f} of "
          f"{f['disk_bytes_per_second'] / 1e6:.0f} MB/s) | {f['rate_ratio']:.2f} | at least 0.5 |")
    print(f"| p99 while joining / before ({f['p99_during_ms']:.1f} of {f['p99_before_ms']:.1f} ms) "
          f"| {f['p99_ratio']:.1f} | at most 3 |")
    print(f"\n{f['operations_before'] + f['operations_during']} operations of clients, {f['failed_operations']} failed.")


if __name__ == "__main__":
    main()
