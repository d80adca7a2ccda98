#include "client/commands/table.h"

#include <array>

#include "client/commands/commands.h"

namespace mydht::client::commands {

namespace {

constexpr std::array kTable = {
    Command{.name = "put",
            .arguments = "-k KEY (-val VALUE | -f FILE)",
            .help = "store a value",
            .takesKey = true,
            .takesValue = true,
            .run = put},
    Command{.name = "get",
            .arguments = "-k KEY [-o FILE]",
            .help = "print a value, or write it to a file",
            .takesKey = true,
            .takesOutput = true,
            .run = get},
    Command{.name = "del", .arguments = "-k KEY", .help = "delete a value", .takesKey = true, .run = del},
    Command{.name = "haskey",
            .arguments = "-k KEY",
            .help = "print the time of a value, 0.0 if there is none",
            .takesKey = true,
            .run = haskey},
    Command{.name = "whereis",
            .arguments = "-k KEY",
            .help = "print the nodes that are home to a key",
            .takesKey = true,
            .run = whereis},
    Command{.name = "status", .arguments = "", .help = "print the ring as the node sees it", .run = status},
};

}  // namespace

std::span<const Command> table() {
  return kTable;
}

}  // namespace mydht::client::commands
