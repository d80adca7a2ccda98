# Machines for system tests, to be sourced by bash. Each is a root file system of its own (what it writes lies in memory over
# the host's, which is only read), with its own network, address, host name, processes and systemd. All of it lives in
# namespaces of one process and goes with it. Root only.
#
#   alone "$@"                 first of all: starts the script again where nothing that it does reaches the host
#   boot NAME ADDRESS          starts a machine on the network that all of them share
#   await_systemd NAME         until it has started
#   on NAME COMMAND            runs a shell command on it, as root
#   root_of NAME               where its files are seen from here
# shellcheck shell=bash

declare -A machine_pid machine_job
machines_folder=/mnt # a file system in memory, seen by this process and its machines alone
machines_support=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")

alone() {
  if [[ ${MACHINES_ALONE:-} == yes ]]; then
    mount -t tmpfs -o size=2g machines "$machines_folder"
    ip link set lo up
    ip link add switch type bridge
    ip link set switch up
    mkdir "$machines_folder/cgroup"
    mount -t cgroup2 cgroup2 "$machines_folder/cgroup"
    machines_group=$(mktemp -d "$machines_folder/cgroup/machines.XXXXXX")
    trap machines_end EXIT
    return
  fi
  if ((EUID != 0)); then
    echo "$0: only root can make machines" >&2
    exit 1
  fi
  exec env MACHINES_ALONE=yes unshare --mount --net --pid --fork --kill-child --mount-proc "$0" "$@"
}

machines_end() {
  local name folder
  for name in "${!machine_job[@]}"; do
    kill -KILL "${machine_job[$name]}" 2>/dev/null || true
    wait "${machine_job[$name]}" 2>/dev/null || true
  done
  # The kernel lets go of a group once the last of its processes has been buried.
  for ((i = 0; i < 100; ++i)); do
    while IFS= read -r folder; do rmdir "$folder" 2>/dev/null || true; done \
      < <(find "$machines_group" -depth -type d 2>/dev/null)
    [[ -d $machines_group ]] || return 0
    sleep 0.05
  done
}

# await SECONDS COMMAND...: until the command succeeds.
await() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || return 1
    sleep 0.1
  done
}

root_of() {
  echo "$machines_folder/$1"
}

boot() {
  local name=$1 address=$2 root
  root=$(root_of "$name")
  mkdir -p "$root" "$root.upper" "$root.work" "$machines_group/$name"
  mount -t overlay overlay -o "lowerdir=/,upperdir=$root.upper,workdir=$root.work" "$root"
  # As Debian's installer leaves it: the machine's own name means loopback on itself.
  printf '%s\n' "${name%%.*}" >"$root/etc/hostname"
  printf '127.0.0.1\tlocalhost\n127.0.1.1\t%s\t%s\n' "$name" "${name%%.*}" >"$root/etc/hosts"
  : >"$root/etc/machine-id"
  rm -f "$root/var/lib/man-db/auto-update" # seconds at each installation, for a list that nobody asks for
  rm -rf "$root"/var/lib/apt/lists/*       # nothing is fetched, so that apt need not read what there is
  rm -f "$root/usr/sbin/policy-rc.d"       # with which images of containers keep services from being started
  (
    echo "$BASHPID" >"$machines_group/$name/cgroup.procs"
    exec unshare --mount --net --pid --uts --ipc --cgroup --fork --kill-child \
      "$machines_support/init" "$root" "${name%%.*}"
  ) </dev/null >"$root.log" 2>&1 &
  machine_job[$name]=$!
  await 30 grep -q . "/proc/$!/task/$!/children" || return 1
  machine_pid[$name]=$(tr -d " " <"/proc/$!/task/$!/children")
  ip link add "to-${name%%.*}" type veth peer name eth0 netns "${machine_pid[$name]}"
  ip link set "to-${name%%.*}" master switch up
  nsenter -t "${machine_pid[$name]}" -n sh -c "ip link set lo up && ip addr add $address/24 dev eth0 && ip link set eth0 up"
}

await_systemd() {
  # "degraded" is up too: a unit of the host's that cannot run here is none of our business.
  # shellcheck disable=SC2016 # for the machine's shell
  if ! await 60 on "$1" 'state=$(systemctl is-system-running); [ "$state" = running ] || [ "$state" = degraded ]'; then
    echo "systemd has not started on $1:" >&2
    tail -n 20 "$(root_of "$1").log" >&2
    return 1
  fi
}

on() {
  local pid=${machine_pid[$1]}
  shift
  nsenter -t "$pid" -m -u -i -n -p -C -r -w env -i HOME=/root LANG=C.UTF-8 PAGER=cat \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin bash -c "cd && $*" </dev/null
}
