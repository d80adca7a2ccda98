#include "client/option_rows.h"

#include <array>

namespace mydht::client {

namespace {

constexpr std::array kRows = {
    OptionRow{.flags = "-h,--host",
              .shown = "-h, --host HOST",
              .help = "the node to ask, [::1] for IPv6 (default: localhost);\n"
                      "several, a:50140,b:50141: the next one is asked if one cannot",
              .environment = "MYDHT_HOST",
              .text = &Typed::host},
    OptionRow{.flags = "-p,--port",
              .shown = "-p, --port PORT",
              .help = "the port of a HOST that names none (default: 50140)",
              .environment = "MYDHT_PORT",
              .text = &Typed::port},
    OptionRow{.flags = "-c,--command",
              .shown = "-c, --command COMMAND",
              .help = "the command; may stand without -c, what it takes after it",
              .text = &Typed::command},
    OptionRow{.flags = "-k,--key",
              .shown = "-k, --key KEY",
              .help = "the key: any text of 1 to 2048 bytes; - for each line of\n"
                      "standard input",
              .text = &Typed::key},
    OptionRow{.flags = "--val,--value",
              .shown = "-val, --value VALUE",
              .help = "put: this text is the value",
              .onlyFor = kValueOption,
              .text = &Typed::value},
    OptionRow{.flags = "-f,--file",
              .shown = "-f, --file FILE",
              .help = "put: the bytes of FILE are the value, - for standard input",
              .onlyFor = kFileOption,
              .text = &Typed::file},
    OptionRow{.flags = "-o,--output",
              .shown = "-o, --output FILE",
              .help = "get: write the value to FILE, which appears only when whole;\n"
                      "- for the bytes alone on standard output",
              .onlyFor = kOutputOption,
              .text = &Typed::output},
    OptionRow{.flags = "-0,--null",
              .shown = "-0, --null",
              .help = "keys end with a NUL instead of a line end: those that are\n"
                      "read by -k - and those that ls prints",
              .onlyFor = kZeroOption,
              .flag = &Typed::zeroEnds},
    OptionRow{.flags = "-l,--long",
              .shown = "-l, --long",
              .help = "ls: size, time and SHA-256 in front of each key",
              .onlyFor = kLongOption,
              .flag = &Typed::longForm},
    OptionRow{.flags = "--delimiter",
              .shown = "--delimiter TEXT",
              .help = "ls: keys that have TEXT behind PREFIX are told as one line,\n"
                      "up to it: with / a listing looks like folders",
              .onlyFor = kDelimiterOption,
              .text = &Typed::delimiter},
    OptionRow{.flags = "--limit",
              .shown = "--limit N",
              .help = "ls: not more than N lines",
              .onlyFor = kLimitOption,
              .text = &Typed::limit},
    OptionRow{.flags = "-j,--jobs",
              .shown = "-j, --jobs N",
              .help = "upload, download: N files at once, 1 to 64 (default: 8)",
              .onlyFor = kJobsOption,
              .text = &Typed::jobs},
    OptionRow{.flags = "--force",
              .shown = "--force",
              .help = "remove: the node is destroyed and never comes back",
              .onlyFor = kForceOption,
              .flag = &Typed::force},
    OptionRow{.flags = "--names",
              .shown = "--names",
              .help = "upload: store each name too, as a string under 'key for NAME';\n"
                      "a folder called upload without PREFIX has that by itself",
              .onlyFor = kNamesOption,
              .flag = &Typed::names},
    OptionRow{.flags = "--consistency",
              .shown = "--consistency LEVEL",
              .help = "how many home nodes it takes: one, quorum (default) or all",
              .onlyFor = kConsistencyOption,
              .text = &Typed::consistency},
    OptionRow{.flags = "--wait",
              .shown = "--wait",
              .help = "balance, purge: return when it is done, not when it is begun",
              .onlyFor = kWaitOption,
              .flag = &Typed::wait},
    OptionRow{.flags = "--dry-run",
              .shown = "--dry-run",
              .help = "purge: only count what would be dropped;\n"
                      "leave, remove, replicas, join: only say how much would move,\n"
                      "and what would be refused",
              .onlyFor = kDryRunOption,
              .flag = &Typed::dryRun},
    OptionRow{
        .flags = "--json", .shown = "--json", .help = "print one JSON object a line, errors too", .flag = &Typed::json},
    OptionRow{.flags = "-q,--quiet",
              .shown = "-q, --quiet",
              .help = "print only what was asked for: no OK, no summary, no progress",
              .flag = &Typed::quiet},
    OptionRow{.flags = "--secret-file",
              .shown = "--secret-file FILE",
              .help = "the first line of FILE is the ring's secret",
              .environment = "MYDHT_SECRET_FILE",
              .text = &Typed::secretFile},
    OptionRow{.flags = "--timeout",
              .shown = "--timeout SECONDS",
              .help = "give up when nothing moves for so long (default: 30)",
              .text = &Typed::timeout},
};

}  // namespace

std::span<const OptionRow> optionRows() {
  return kRows;
}

}  // namespace mydht::client
