#!/usr/bin/python3
"""What a page of a listing costs on three nodes: 1,000 keys of a million, from random places and with a delimiter.

Three nodes make a ring and are stopped; each directory gets all the keys (list_bench); then they are started again, and
pages are fetched from one of them, each on a connection of its own.

usage: list_pages.py BUILD_DIRECTORY [--keys 1000000] [--pages 40]
"""

import argparse
import http.client
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time


def start(build, folder, number, more):
    command = [f"{build}/bin/mydhtserver", "-d", f"{folder}/{number}", *more]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    ready = re.match(r"ready http://localhost:(\d+)", process.stdout.readline())
    if not ready:
        sys.exit(f"node {number} does not start")
    return process, int(ready.group(1))


def stop(process):
    process.send_signal(signal.SIGTERM)
    process.wait()


def fetch(port, query):
    begun = time.perf_counter()
    connection = http.client.HTTPConnection("localhost", port, timeout=30)
    connection.request("GET", "/_mydht/keys?" + query)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        sys.exit(f"{answer.status} {body[:300]}")
    return (time.perf_counter() - begun) * 1e3, body.count(b'"key":') + body.count(b'"prefix":')


def report(name, port, queries):
    fetch(port, queries[0])
    times = []
    for query in queries:
        took, items = fetch(port, query)
        times.append(took)
    times.sort()
    print(f"{name}: median {statistics.median(times):.1f} ms, 95 % {times[int(len(times) * 0.95)]:.1f} ms, "
          f"most {times[-1]:.1f} ms ({items} items in the last)")


def await_quorum(port):
    for _ in range(300):
        connection = http.client.HTTPConnection("localhost", port, timeout=30)
        connection.request("GET", "/_mydht/keys?limit=1")
        if connection.getresponse().status == 200:
            return
        time.sleep(0.1)
    sys.exit("the ring does not come together")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--pages", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        first, port = start(options.build, folder, 0, ["-p", "0"])
        nodes = [(first, port)]
        for number in (1, 2):
            nodes.append(start(options.build, folder, number, ["-p", "0", "-s", f"localhost:{port}"]))
        for process, _ in nodes:
            stop(process)
        begun = time.time()
        loaders = [subprocess.Popen([f"{options.build}/bin/list_bench", f"{folder}/{number}", str(options.keys)])
                   for number in range(3)]
        if any(loader.wait() != 0 for loader in loaders):
            sys.exit("a directory could not be filled")
        print(f"loaded in {time.time() - begun:.0f} s")
        nodes = [start(options.build, folder, i, ["-p", str(nodes[i][1])]) for i in range(3)]
        await_quorum(port)
        chance = random.Random(1)
        anywhere = [f"after=photos/{chance.randrange(1000):03}/{chance.randrange(options.keys):07}"
                    for _ in range(options.pages)]
        report("1,000 keys from anywhere", port, anywhere)
        report("the same, consistency=one", port, [query + "&consistency=one" for query in anywhere])
        report("1,000 folders, each passed over", port, ["prefix=photos/&delimiter=/"] * (options.pages // 4))
        for process, _ in nodes:
            stop(process)


if __name__ == "__main__":
    main()
