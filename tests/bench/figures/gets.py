"""Gets of 1 KiB: at a home node with consistency=one, and at quorum in a ring."""

from .comparing import Row, rounds, say
from .load import KEY_COUNT, get_request, write_requests
from .servers import Canned, Nginx, Redis, Ring, redis_request

VALUE = b"v" * 1024


def _rate(sample):
    return sample.rate


def _cpu(sample):
    return sample.cpu_us


def measure(setting):
    """Both rows, from the same rounds, so that the one that may be stale and the one that may not stand side by side."""
    one = Row("get-one", "get 1 KiB at its home node, consistency=one", setting.pinned_text)
    quorum = Row(
        "get-quorum", "get 1 KiB at quorum, ring of 3",
        "CPU of all nodes together, each with one loop; nothing is pinned. At a node that is not home: a ring of 4 with 3 "
        "copies, of which each key is asked at the node that does not have it.")
    plan, folder = setting.plan, setting.folder
    keys = [f"key/{i}" for i in range(KEY_COUNT)]
    values = {key: VALUE for key in keys}
    files = {
        "one": write_requests(f"{folder}/one", [(get_request(f"/{key}?consistency=one"), 1) for key in keys]),
        "plain": write_requests(f"{folder}/plain", [(get_request(f"/{key}"), 1) for key in keys]),
        "redis": write_requests(f"{folder}/redis", [(redis_request("GET", key), 1) for key in keys]),
    }
    core = setting.server_core
    started = []

    def start(servers):
        started.append(servers)
        return servers

    try:
        limit = start(Canned(setting.build, f"{folder}/limit", core))
        single = start(Ring(setting.build, f"{folder}/single", 1, core))
        three = start(Ring(setting.build, f"{folder}/three", 3))
        four = start(Ring(setting.build, f"{folder}/four", 4))
        for ring in (single, three, four):
            ring.put(values)
        stranger = four.ports[-1]
        away = [key for key in keys if not four.is_home(stranger, key)]
        files["away"] = write_requests(f"{folder}/away", [(get_request(f"/{key}"), 1) for key in away])
        nginx = start(Nginx(f"{folder}/nginx", values, core)) if setting.peers else None
        redis = start(Redis(f"{folder}/redisdata", 1, core)) if setting.peers else None
        if redis:
            redis.put(values)
        for connections in setting.connections:
            say(f"gets of 1 KiB, {connections} connections")
            run = lambda *args, **more: lambda: plan.run(*args, connections, **more)
            systems = {
                f"limit, {connections}": run(limit, "http", files["one"], pinned=True),
                f"mydht, {connections}": run(single, "http", files["one"], pinned=True),
            }
            if setting.peers:
                systems[f"nginx, {connections}"] = run(nginx, "http", files["plain"], pinned=True)
                systems[f"redis, {connections}"] = run(redis, "redis", files["redis"], pinned=True)
            ring_systems = {
                f"home node, {connections}": run(three, "http", files["plain"], ports=three.ports[:1]),
                f"not home, {connections}": run(four, "http", files["away"], ports=[stranger]),
            }
            seen = rounds({**systems, **ring_systems}, setting.rounds)
            one.samples |= {name: seen[name] for name in systems}
            quorum.samples |= {name: seen[name] for name in (f"limit, {connections}", f"mydht, {connections}", *ring_systems)}
            _claim(one, quorum, connections)
        if setting.peers and setting.full:
            _check_by_wrk(setting, one, single, nginx)
    finally:
        for servers in started:
            servers.stop()
    return [one, quorum]


def _claim(one, quorum, connections):
    at = f"{connections} connections"
    ours, limit = f"mydht, {connections}", f"limit, {connections}"
    one.claim(f"CPU per request / limit, {at}", ours, limit, _cpu, 1.2, False)
    one.claim(f"requests/s / nginx, {at}", ours, f"nginx, {connections}", _rate, 1.3, True)
    one.claim(f"requests/s / Redis, {at}", ours, f"redis, {connections}", _rate, 1.0, True)
    quorum.claim(f"total CPU at a home node / limit, {at}", f"home node, {connections}", limit, _cpu, 4, False)
    quorum.claim(f"total CPU at any node / limit, {at}", f"not home, {connections}", limit, _cpu, 6, False)


def _check_by_wrk(setting, row, ours, nginx):
    """The same comparison by a client that everybody knows."""
    pairs = [(setting.plan.run_wrk(ours, "/key/1?consistency=one", 64), setting.plan.run_wrk(nginx, "/key/1", 64)) for _ in range(3)]
    ratios = sorted(a / b for a, b in pairs)
    rate = sorted(a for a, _ in pairs)[1]
    row.notes.append(
        f"Seen by wrk with 64 connections, which itself takes more of a core than what it measures: {rate:,.0f} "
        f"requests/s, {ratios[1]:.2f} x nginx.")
