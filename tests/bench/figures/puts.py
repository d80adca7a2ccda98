"""Puts of 1 KiB, replicated and synced."""

import os

from .comparing import Row, rounds, say
from .load import put_request, write_requests
from .servers import Etcd, Redis, Ring, redis_request

CLIENTS = 64
REQUESTS = 20_000


def _rate(sample):
    return sample.rate


def measure(setting):
    row = Row(
        "put", "put 1 KiB, ring of 3, synced on a quorum, 64 connections",
        "Nothing is pinned: all processes share both cores. mydht: at one of the nodes, each of which is home to every key; an "
        "answer means synced by two of three. etcd: at the leader, over gRPC, 64 clients of h2load with a connection each; an "
        "answer means synced by two of three. Redis: a cluster of one master with all slots and two replicas, appendfsync "
        "always; SET and WAIT 1 are sent together; an answer means synced by the master and received, not synced, by one "
        "replica: less than mydht's and etcd's.")
    plan, folder = setting.plan, setting.folder
    value = os.urandom(512).hex().encode()
    puts = write_requests(f"{folder}/puts", [(put_request(f"/put/{i}", value), 1) for i in range(REQUESTS)])
    sets = write_requests(
        f"{folder}/sets",
        [(redis_request("SET", f"put/{i}", value) + redis_request("WAIT", "1", "0"), 2) for i in range(REQUESTS)])
    started = []

    def start(servers):
        started.append(servers)
        return servers

    def counted(servers, measure_once):
        """With the syncs a put beside it, where the servers count them."""
        def run():
            before = servers.syncs()
            sample = measure_once()
            sample.extra["syncs_per_request"] = (servers.syncs() - before) / sample.requests
            return sample
        return run

    try:
        ring = start(Ring(setting.build, f"{folder}/ring", 3))
        systems = {"mydht": counted(ring, lambda: plan.run(ring, "http", puts, CLIENTS, ports=ring.ports[:1]))}
        if setting.peers:
            etcd = start(Etcd(f"{folder}/etcd"))
            redis = start(Redis(f"{folder}/cluster", 3))
            systems["etcd"] = counted(etcd, lambda: plan.run_etcd(etcd, "put/key", value, CLIENTS))
            systems["redis"] = lambda: plan.run(redis, "redis", sets, CLIENTS, ports=redis.ports[:1])
        say("puts of 1 KiB, 64 connections")
        row.samples = rounds(systems, setting.rounds)
        if setting.peers and setting.full:
            say("etcdctl check perf, a minute")
            throughput = etcd.check_perf("l")
            row.notes.append(f"`etcdctl check perf --load=l` (500 clients) in the same run: {throughput or 0:,.0f} writes/s.")
    finally:
        for servers in started:
            servers.stop()
    row.claim("puts/s / etcd", "mydht", "etcd", _rate, 4, True)
    row.claim("puts/s / Redis SET + WAIT 1", "mydht", "redis", _rate, 1, True)
    return [row]
