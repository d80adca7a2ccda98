"""The servers that are compared. Each is started in a folder of its own, on loopback and free ports, and ended by stop()."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time

from . import machine

NGINX = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  default_type application/octet-stream;
  sendfile on;
  sendfile_max_chunk 512k;
  tcp_nopush on;
  keepalive_requests 1000000000;
  open_file_cache max=4000 inactive=1h;
  open_file_cache_valid 1h;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port} backlog=1024; root {folder}/www; }}
}}
"""


def await_true(what, condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"{what}: not within {seconds} s")
        time.sleep(0.05)


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Servers:
    """Some processes that serve together: `pids` and `ports`, one each."""

    def __init__(self):
        self.processes = []
        self.ports = []

    @property
    def pids(self):
        return [process.pid for process in self.processes]

    def start(self, command, log, core=None, **options):
        pin = ["taskset", "-c", str(core)] if core is not None else []
        with open(log, "ab") as errors:
            process = subprocess.Popen([*pin, *command], stderr=errors, **options)
        self.processes.append(process)
        return process

    def stop(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Canned(Servers):
    """Our event loop with one answer for every request: what no server can be below (limit)."""

    def __init__(self, build, folder, core=None):
        super().__init__()
        os.makedirs(folder)
        command = [f"{build}/bin/http_canned_bench", "limit", "1"]
        process = self.start(command, f"{folder}/log", core, stdout=subprocess.PIPE, text=True)
        self.ports = [int(process.stdout.readline())]


class Nginx(Servers):
    """Static files of `www`, a dictionary of names and bytes."""

    def __init__(self, folder, www, core=None):
        super().__init__()
        os.makedirs(f"{folder}/www")
        os.chmod(folder, 0o755)  # its workers run as another user
        for name, content in www.items():
            os.makedirs(os.path.dirname(f"{folder}/www/{name}"), exist_ok=True)
            with open(f"{folder}/www/{name}", "wb") as file:
                file.write(content)
        self.ports = machine.free_ports(1)
        with open(f"{folder}/nginx.conf", "w") as file:
            file.write(NGINX.format(folder=folder, port=self.ports[0]))
        self.start([machine.find("nginx"), "-p", folder, "-c", f"{folder}/nginx.conf"], f"{folder}/log", core)
        await_true("nginx listens", lambda: listens(self.ports[0]))


class Ring(Servers):
    """A ring of mydhtserver, filled and ready."""

    def __init__(self, build, folder, count=1, core=None, options=()):
        super().__init__()
        os.makedirs(folder)
        for number in range(count):
            seed = ["-s", f"localhost:{self.ports[0]}"] if number else []
            command = [f"{build}/bin/mydhtserver", "-p", "0", "-d", f"{folder}/node{number}", "--loops", "1", *seed, *options]
            process = self.start(command, f"{folder}/log{number}", core, stdout=subprocess.PIPE, text=True)
            ready = re.match(r"ready http://localhost:(\d+)", process.stdout.readline())
            if not ready:
                raise RuntimeError(f"mydhtserver does not serve; see {folder}/log{number}")
            self.ports.append(int(ready.group(1)))
            await_true("the ring is whole", lambda: all(map(self._settled, self.ports)))

    def ask(self, port, path):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        finally:
            connection.close()

    def _settled(self, port):
        status = json.loads(self.ask(port, "/_mydht/status"))
        return len(status["members"]) == len(self.ports) and status["activeVersions"] == 1 and not status.get("toFill")

    def put(self, values, port=None):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.ports[0], timeout=120)
        for key, value in values.items():
            connection.request("PUT", f"/{key}", value)
            answer = connection.getresponse()
            answer.read()
            if answer.status not in (201, 204):
                raise RuntimeError(f"mydhtserver answers {answer.status} to a put")
        connection.close()

    def is_home(self, port, key):
        return f":{port}" in self.ask(self.ports[0], f"/_mydht/where-is?key={key}").decode()

    def syncs(self):
        """Syncs of all nodes' databases since their start."""
        total = 0
        for port in self.ports:
            text = self.ask(port, "/_mydht/metrics").decode()
            total += int(float(re.search(r"^mydht_disk_syncs_total (\S+)", text, re.M).group(1)))
        return total


class Redis(Servers):
    """One server without persistence; or, with copies, a cluster whose one master has all slots, and its replicas, all
    with appendfsync always."""

    def __init__(self, folder, copies=1, core=None):
        super().__init__()
        os.makedirs(folder)
        durable = copies > 1
        # The cluster's bus listens 10,000 above the port.
        self.ports = machine.free_ports(copies)
        for port in self.ports:
            home = f"{folder}/{port}"
            os.makedirs(home)
            settings = ["--port", str(port), "--bind", "127.0.0.1", "--dir", home, "--save", "", "--logfile", f"{home}/log"]
            settings += ["--appendonly", "yes" if durable else "no", "--appendfsync", "always"]
            settings += ["--cluster-enabled", "yes" if durable else "no"]
            self.start([machine.find("redis-server"), *settings], f"{home}/errors", core, stdout=subprocess.DEVNULL)
        for port in self.ports:
            await_true("redis listens", lambda port=port: listens(port))
        if durable:
            self._make_cluster()

    def command(self, port, *words):
        """The answer's first line, or a bulk's text."""
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            connection.sendall(redis_request(*words))
            answer = connection.makefile("rb")
            first = answer.readline()
            if first.startswith(b"$") and int(first[1:]) >= 0:
                return answer.read(int(first[1:])).decode()
            return first.decode().strip()

    def _make_cluster(self):
        master = self.ports[0]
        self.command(master, "CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        identity = self.command(master, "CLUSTER", "MYID")
        for port in self.ports[1:]:
            self.command(port, "CLUSTER", "MEET", "127.0.0.1", str(master))
        for port in self.ports[1:]:
            def follows(port=port):
                return self.command(port, "CLUSTER", "REPLICATE", identity) == "+OK"
            await_true("a replica knows its master", follows)
        replicas = f"connected_slaves:{len(self.ports) - 1}"
        await_true("the replicas follow", lambda: replicas in self.command(master, "INFO", "replication"))
        await_true("they are in step", lambda: self.command(master, "INFO", "replication").count("state=online") > 1)
        await_true("the cluster serves", lambda: "cluster_state:ok" in self.command(master, "CLUSTER", "INFO"))

    def put(self, values):
        for key, value in values.items():
            if self.command(self.ports[0], "SET", key, value) != "+OK":
                raise RuntimeError("redis does not store")


def redis_request(*words):
    parts = [word if isinstance(word, bytes) else word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


class Etcd(Servers):
    """Three members with etcd's defaults, but for the room that it allows itself. The first port is the leader's."""

    def __init__(self, folder, count=3):
        super().__init__()
        os.makedirs(folder)
        ports = machine.free_ports(2 * count)
        clients, peers = ports[:count], ports[count:]
        whole = ",".join(f"m{i}=http://127.0.0.1:{port}" for i, port in enumerate(peers))
        for i in range(count):
            own = [f"http://127.0.0.1:{clients[i]}", f"http://127.0.0.1:{peers[i]}"]
            self.start(
                [machine.find("etcd"), "--name", f"m{i}", "--data-dir", f"{folder}/m{i}", "--log-level", "error",
                 "--listen-client-urls", own[0], "--advertise-client-urls", own[0], "--listen-peer-urls", own[1],
                 "--initial-advertise-peer-urls", own[1], "--initial-cluster", whole, "--initial-cluster-state", "new",
                 "--quota-backend-bytes", str(8 << 30)],
                f"{folder}/log{i}", stdout=subprocess.DEVNULL)
        self.ports = clients
        await_true("etcd has a leader", lambda: self._find_leader() is not None)
        self.ports.sort(key=lambda port: port != self._find_leader())

    def _ctl(self, *words):
        ends = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        command = [machine.find("etcdctl"), "--endpoints", ends, "-w", "json", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=90, env={**os.environ, "ETCDCTL_API": "3"})
        return json.loads(done.stdout) if done.returncode == 0 else None

    def _find_leader(self):
        all_ = self._ctl("endpoint", "status")
        for one in all_ or []:
            if one["Status"]["leader"] == one["Status"]["header"]["member_id"]:
                return int(one["Endpoint"].rsplit(":", 1)[1])
        return None

    def writes(self, key):
        """How often a key was put."""
        found = (self._ctl("get", key) or {}).get("kvs")
        return int(found[0]["version"]) if found else 0

    def check_perf(self, load):
        """What `etcdctl check perf` says: it lasts a minute and writes no faster than its load allows."""
        command = [machine.find("etcdctl"), "--endpoints", f"127.0.0.1:{self.ports[0]}", "check", "perf", "--load", load]
        done = subprocess.run(command, capture_output=True, text=True, timeout=150, env={**os.environ, "ETCDCTL_API": "3"})
        found = re.search(r"Throughput (?:is|too low:) ([\d.]+) writes/s", done.stdout)
        return float(found.group(1)) if found else None

    def syncs(self):
        """Syncs of all members' logs and databases."""
        total = 0
        for port in self.ports:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
            connection.close()
            for name in ("etcd_disk_wal_fsync_duration_seconds_count", "etcd_disk_backend_commit_duration_seconds_count"):
                total += int(re.search(rf"^{name} (\d+)", text, re.M).group(1))
        return total
