"""What is known of this machine and of processes on it, from /proc, and the programs that are compared."""

import os
import re
import shutil
import socket
import subprocess

TICK = os.sysconf("SC_CLK_TCK")

# The Debian package that each program of others comes from.
PACKAGES = {
    "nginx": "nginx-light", "redis-server": "redis-server", "etcd": "etcd-server", "etcdctl": "etcd-client",
    "wrk": "wrk", "h2load": "nghttp2-client",
}


def find(program):
    """Where a program lies, or None."""
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def install():
    """Installs what is missing of PACKAGES; their services are not started. The programs that are still missing."""
    wanted = sorted({PACKAGES[program] for program in PACKAGES if not find(program)})
    if wanted and os.geteuid() == 0:
        policy = "/usr/sbin/policy-rc.d"
        held = not os.path.exists(policy)
        if held:
            with open(policy, "w") as file:
                file.write("#!/bin/sh\nexit 101\n")
            os.chmod(policy, 0o755)
        try:
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", *wanted]
            for attempt in (command, ["apt-get", "update", "-qq"], command):
                done = subprocess.run(attempt, env=environment, capture_output=True).returncode == 0
                if done and attempt is command:
                    break
        finally:
            if held:
                os.unlink(policy)
    return sorted(program for program in PACKAGES if not find(program))


def _first_line(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except OSError:
        return "not there"
    return (done.stdout + done.stderr).strip().splitlines()[0]


def versions(build):
    asked = {
        "mydhtserver": [f"{build}/bin/mydhtserver", "--version"], "nginx": ["nginx", "-v"],
        "redis": ["redis-server", "--version"], "etcd": ["etcd", "--version"], "wrk": ["wrk", "-v"],
        "h2load": ["h2load", "--version"],
    }
    return {name: _first_line([find(command[0]) or command[0], *command[1:]]) for name, command in asked.items()}


def describe():
    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*:\s*(.*)", file.read())
    with open("/proc/meminfo") as file:
        memory = int(re.search(r"MemTotal:\s+(\d+)", file.read()).group(1))
    return {
        "cores": os.cpu_count(), "processor": model.group(1) if model else "unknown",
        "memory_gib": round(memory / 2**20, 1), "kernel": os.uname().release,
    }


def busy_seconds():
    """CPU seconds that all processes of the machine together have used since it was started."""
    with open("/proc/stat") as file:
        user, nice, system, _idle, _wait, irq, softirq = map(int, file.readline().split()[1:8])
    return (user + nice + system + irq + softirq) / TICK


def free_ports(count):
    """Ports that were free a moment ago, outside the range that outgoing connections take theirs from."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        lowest = int(file.read().split()[0])
    found = []
    candidate = 10_000 + os.getpid() % 10_000
    while len(found) < count:
        candidate += 1
        if candidate >= lowest:
            raise RuntimeError("no free ports")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
        found.append(candidate)
    return found


def family(pids):
    """The processes and their children: nginx works in them."""
    members = []
    for pid in pids:
        members.append(pid)
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            members.extend(map(int, file.read().split()))
    return members


def _read(pid, name):
    """Empty if it has ended: Redis writes its files anew in a child, for a moment."""
    try:
        with open(f"/proc/{pid}/{name}") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def cpu_seconds(pids):
    """User and system time of the processes and of their children, those that have ended meanwhile too."""
    total = 0
    for member in family(pids):
        fields = _read(member, "stat").rpartition(")")[2].split()
        total += sum(map(int, fields[11:15]))
    return total / TICK


def memory_bytes(pids, field="VmHWM"):
    """VmHWM: the most that was resident since reset_peak; RssAnon: what is now, without files; of all together."""
    total = 0
    for member in family(pids):
        found = re.search(rf"{field}:\s+(\d+)", _read(member, "status"))
        total += int(found.group(1)) * 1024 if found else 0
    return total


def reset_peak(pids):
    for member in family(pids):
        try:
            with open(f"/proc/{member}/clear_refs", "w") as file:
                file.write("5")
        except OSError:
            pass  # another user's process: its peak counts from its start
