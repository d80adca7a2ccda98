"""Real nodes on loopback, and values stored through them, for the programs here that measure a ring."""

import hashlib
import http.client
import json
import multiprocessing
import re
import subprocess
import sys
import time


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


class Node:
    """One mydhtserver with its directory; its journal lies beside it."""

    def __init__(self, build, folder, name, options, port=0):
        self.log = f"{folder}/{name}.log"
        command = [f"{build}/bin/mydhtserver", "-p", str(port), "-d", f"{folder}/{name}", "-l", self.log, *options]
        self.began = time.monotonic()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        ready = re.match(r"ready http://localhost:(\d+)", self.process.stdout.readline())
        if not ready:
            sys.exit(f"{name} does not serve; see {self.log}")
        self.port = int(ready.group(1))

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path)
        body = connection.getresponse().read()
        connection.close()
        return body

    def status(self):
        return json.loads(self.get("/_mydht/status"))

    def journal(self):
        with open(self.log) as file:
            return file.read()

    def kill(self):
        self.process.kill()
        self.process.wait()


def _value(number, size, edition=0):
    block = hashlib.sha256(f"{number} {edition}".encode()).digest()
    return (block * (size // len(block) + 1))[:size]


def _put(connection, number, body):
    """What went wrong; empty: nothing."""
    connection.request("PUT", f"/key/{number}", body)
    answer = connection.getresponse()
    answer.read()
    return "" if answer.status in (201, 204) else f"key {number}: {answer.status}"


def _store_some(work):
    """Stores every so-manieth key, from the first one given on."""
    port, first, step, sizes = work
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for number in range(first, len(sizes), step):
        if problem := _put(connection, number, _value(number, sizes[number])):
            return problem
    return ""


def store(nodes, sizes, processes=8):
    """Stores a value of each size under key/0, key/1 and so on, through all nodes."""
    with multiprocessing.Pool(processes) as pool:
        work = [(nodes[i % len(nodes)].port, i, processes, sizes) for i in range(processes)]
        problems = [problem for problem in pool.map(_store_some, work) if problem]
    if problems:
        sys.exit(problems[0])


def store_again(node, numbers, size):
    """Gives these keys other values."""
    connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=60)
    for number in numbers:
        if problem := _put(connection, number, _value(number, size, 1)):
            sys.exit(problem)
