#!/usr/bin/python3
"""How long a small get takes as a whole process: mydhtclient beside curl, in turn, against one node on this machine.

usage: client_get.py BUILD_DIRECTORY [--runs 300]

For a literal address and for a name, prints the time that nine in ten runs exceed, which what else the machine does moves
least, and the CPU time of the median run; the exit status is 1 if mydhtclient takes longer than curl.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time


def start_node(build, folder):
    """A node alone, with the value put."""
    command = [f"{build}/bin/mydhtserver", "-p", "0", "-d", f"{folder}/data"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    ready = re.match(r"ready http://localhost:(\d+)", process.stdout.readline())
    if not ready:
        sys.exit("mydhtserver does not serve")
    port = ready.group(1)
    subprocess.run([f"{build}/bin/mydhtclient", "-p", port, "put", "greeting", "hello, ring", "-q"], check=True)
    return process, port


def run(command):
    """Milliseconds of the wall clock and of CPU."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    output = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    took = (time.perf_counter() - begin) * 1000
    process.returncode = status
    if status != 0 or output.rstrip(b"\n") != b"hello, ring":
        sys.exit(f"{command[0]} got something else")
    return took, (used.ru_utime + used.ru_stime) * 1000


def compare(build, host, port, runs):
    """The ratio of the times. Both take turns, so that what else the machine does falls on both."""
    commands = {
        "mydhtclient": [f"{build}/bin/mydhtclient", "-h", host, "-p", port, "get", "greeting"],
        "curl": ["curl", "-s", f"http://{host}:{port}/greeting"],
    }
    times = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            times[name].append(run(command))
    wall = {name: statistics.quantiles((one[0] for one in all_), n=10)[0] for name, all_ in times.items()}
    cpu = {name: statistics.median(one[1] for one in all_) for name, all_ in times.items()}
    ratio = wall["mydhtclient"] / wall["curl"]
    for name in commands:
        print(f"{host:10} {name:11} {wall[name]:6.2f} ms, CPU {cpu[name]:6.2f} ms")
    print(f"{host:10} ratio {ratio:.2f}, CPU {cpu['mydhtclient'] / cpu['curl']:.2f}")
    return ratio


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--runs", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        process, port = start_node(options.build, folder)
        try:
            ratios = [compare(options.build, host, port, options.runs) for host in ("127.0.0.1", "localhost")]
        finally:
            process.kill()
            process.wait()
    sys.exit(max(ratios) > 1)


if __name__ == "__main__":
    main()
