#!/usr/bin/python3
"""What it costs to make two copies equal again: three real nodes on loopback hold KEYS values, one of them misses
DIFFERENT writes while it is down, nothing is noted for it, and it comes back.

  copied     values that were brought to it, over those that it had missed
  bytes      that nodes sent one another from its start until all were equal, over those that nodes which are equal send
             one another in as long a time, and beside the bytes of all values

Prints Markdown; what it does meanwhile goes to standard error.

usage: balance_bench.py BUILD_DIRECTORY [--keys 1000000] [--different 1000] [--folder DIR]
"""

import argparse
import multiprocessing
import random
import re
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from nodes import Node, say, store, store_again  # noqa: E402

DONE = re.compile(r"balance\.done with=\S+ taken=(\d+) sent=(\d+)")
SIZE = 100


def metric(node, name):
    found = re.search(rf"^{name} (\S+)$", node.get("/_mydht/metrics").decode(), re.MULTILINE)
    return int(float(found.group(1)))


def await_equal(nodes):
    """Until every node says of all that their copies are equal."""
    began = time.monotonic()
    while time.monotonic() - began < 600:
        said = [member.get("agreement", {}) for node in nodes for member in node.status()["members"]]
        if all(one.get(what) == 0 for one in said for what in ("lacking", "differing", "uncompared")):
            return
        time.sleep(0.1)
    sys.exit("the nodes do not become equal")


def received(nodes):
    return sum(metric(node, "mydht_http_received_bytes_total") for node in nodes)


def copied(nodes):
    return sum(int(taken) + int(sent) for node in nodes for taken, sent in DONE.findall(node.journal()))


def measure(options, folder, nodes):
    for number in range(3):
        seed = ["-s", f"localhost:{nodes[0].port}"] if nodes else []
        nodes.append(Node(options.build, folder, f"node{number}", ["-v", "--hints", "0", *seed]))
    await_equal(nodes)
    say(f"storing {options.keys} values of {SIZE} bytes")
    store(nodes, [SIZE] * options.keys)
    await_equal(nodes)
    before = copied(nodes)

    away = nodes.pop()
    away.kill()
    say(f"storing {options.different} of them again while a node is down")
    store_again(nodes[0], random.Random(1).sample(range(options.keys), options.different), SIZE)
    begun_bytes, begun = received(nodes), time.monotonic()
    back = Node(options.build, folder, "node2", ["-v", "--hints", "0"], port=away.port)
    nodes.append(back)
    await_equal(nodes)
    took, moved = time.monotonic() - begun, received(nodes) - begun_bytes
    say(f"equal after {took:.1f} s")
    values = copied(nodes) - before

    quiet_bytes = received(nodes)
    time.sleep(took)
    quiet = received(nodes) - quiet_bytes
    return values, moved, quiet, took


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--different", type=int, default=1_000)
    parser.add_argument("--folder", help="where the nodes keep their data")
    options = parser.parse_args()
    nodes = []
    multiprocessing.set_start_method("fork")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        try:
            values, moved, quiet, took = measure(options, folder, nodes)
        finally:
            for node in nodes:
                node.kill()
    print("| keys | missed | values brought | seconds until equal | bytes between nodes meanwhile | in as long a time after "
          "| bytes of all values |\n|---|---|---|---|---|---|---|")
    print(f"| {options.keys:,} | {options.different:,} | {values:,} | {took:.1f} | {moved:,} | {quiet:,} "
          f"| {options.keys * SIZE:,} |")


if __name__ == "__main__":
    main()
