"""The simulator runs the real store and cluster, so what it links proves that they know neither sockets nor RocksDB."""

import re
import subprocess
import sys

_BANNED = re.compile(r"libPoco|librocksdb|libboost_(filesystem|program_options)")


def forbidden(dynamic_section):
    """The libraries in `readelf -d` that a simulator may not have."""
    return [name for name in re.findall(r"\(NEEDED\).*\[(.+?)\]", dynamic_section) if _BANNED.search(name)]


def main(programs):
    """Prints what each program links too much; the exit status is 1 if any does."""
    bad = False
    for program in programs:
        section = subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True).stdout
        for library in forbidden(section):
            bad = True
            print(f"{program}: links {library}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
