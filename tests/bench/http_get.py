#!/usr/bin/python3
"""What a get of 1 KiB costs: CPU time per request of four servers, side by side in alternating rounds of wrk.

  limit    receives and sends a canned answer on our event loop, without parsing
  handler  the same answer through our connections, parser and handler
  node     a value of 1 KiB from mydhtserver, at its home node, with consistency=one
  nginx    a static file of 1 KiB

usage: http_get.py BUILD_DIRECTORY [--seconds 5] [--rounds 2] [--loops 1] [--connections 64,512]
"""

import argparse
import http.client
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

TICK = os.sysconf("SC_CLK_TCK")

NGINX = """
worker_processes {loops};
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_rlimit_nofile 4096;
events {{ worker_connections 2048; }}
http {{
  access_log off;
  default_type application/octet-stream;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  open_file_cache max=100 inactive=1h;
  open_file_cache_valid 1h;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port} backlog=1024; root {folder}/www; }}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_port(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nobody listens on port {port}")


def start_canned(build, mode, loops):
    process = subprocess.Popen([f"{build}/bin/http_canned_bench", mode, str(loops)], stdout=subprocess.PIPE, text=True)
    return process, int(process.stdout.readline())


def start_nginx(folder, loops):
    port = free_port()
    os.makedirs(f"{folder}/www")
    os.chmod(folder, 0o755)  # its workers run as another user
    with open(f"{folder}/www/value", "wb") as file:
        file.write(b"v" * 1024)
    with open(f"{folder}/nginx.conf", "w") as file:
        file.write(NGINX.format(folder=folder, port=port, loops=loops))
    process = subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-p", folder, "-c", f"{folder}/nginx.conf"])
    await_port(port)
    return process, port


def start_node(build, folder, loops):
    """A node alone, which is home to every key, with the value put."""
    command = [f"{build}/bin/mydhtserver", "-p", "0", "-d", f"{folder}/data", "--loops", str(loops)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    ready = re.match(r"ready http://localhost:(\d+)", process.stdout.readline())
    if not ready:
        sys.exit("mydhtserver does not serve")
    port = int(ready.group(1))
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("PUT", "/value", b"v" * 1024)
    if connection.getresponse().status != 201:
        sys.exit("mydhtserver did not store the value")
    connection.close()
    return process, port


def family(pid):
    """The process and its children: nginx works in them."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [pid, *map(int, file.read().split())]


def cpu_seconds(pid):
    total = 0
    for member in family(pid):
        with open(f"/proc/{member}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def measure(process, port, connections, seconds):
    """Microseconds of the server's CPU for each request, and requests per second."""
    before = cpu_seconds(process.pid)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"http://127.0.0.1:{port}/value?consistency=one"]
    report = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(process.pid) - before
    requests = int(re.search(r"(\d+) requests in", report).group(1))
    if "Non-2xx" in report or "Socket errors" in report or requests == 0:
        sys.exit(f"wrk had errors:\n{report}")
    return used / requests * 1e6, float(re.search(r"Requests/sec:\s+([\d.]+)", report).group(1))


def compare(servers, connections, seconds, rounds):
    seen = {name: [] for name in servers}
    for _ in range(rounds):
        for name, (process, port) in servers.items():
            seen[name].append(measure(process, port, connections, seconds))
    cost = {name: statistics.median(cpu for cpu, _ in runs) for name, runs in seen.items()}
    rate = {name: statistics.median(rps for _, rps in runs) for name, runs in seen.items()}
    print(f"{connections} connections, median of {rounds} rounds of {seconds} s")
    for name in servers:
        print(f"  {name:8} {cost[name]:6.2f} us CPU a request, {rate[name]:9.0f} requests/s, "
              f"{cost[name] / cost['nginx']:.2f} of nginx, {cost[name] / cost['limit']:.2f} of the limit, {cost[name] / cost['handler']:.2f} of the handler")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--loops", type=int, default=1)
    parser.add_argument("--connections", default="64,512")
    options = parser.parse_args()
    servers = {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            for mode in ("limit", "handler"):
                servers[mode] = start_canned(options.build, mode, options.loops)
            servers["node"] = start_node(options.build, folder, options.loops)
            servers["nginx"] = start_nginx(folder, options.loops)
            for connections in map(int, options.connections.split(",")):
                compare(servers, connections, options.seconds, options.rounds)
        finally:
            for process, _ in servers.values():
                process.send_signal(signal.SIGTERM)
            for process, _ in servers.values():
                process.wait(10)


if __name__ == "__main__":
    main()
