#include "client/commands/table.h"

#include <array>

#include "client/commands/commands.h"

namespace mydht::client::commands {

namespace {

constexpr std::array kTable = {
    Command{.name = "put",
            .arguments = "KEY (VALUE | -f FILE)",
            .help = "store a value",
            .key = KeyUse::Key,
            .words = {Word::Key, Word::Value},
            .takes = kValueOption | kFileOption | kZeroOption | kConsistencyOption,
            .needsValue = true,
            .run = put},
    Command{.name = "get",
            .arguments = "KEY [-o FILE]",
            .help = "print a value, or write it to a file",
            .key = KeyUse::Key,
            .words = {Word::Key},
            .takes = kOutputOption | kZeroOption | kConsistencyOption,
            .run = get},
    Command{.name = "del",
            .arguments = "KEY",
            .help = "delete a value",
            .key = KeyUse::Key,
            .words = {Word::Key},
            .takes = kZeroOption | kConsistencyOption,
            .run = del},
    Command{.name = "haskey",
            .arguments = "KEY",
            .help = "print the time of a value, 0.0 if there is none",
            .key = KeyUse::Key,
            .words = {Word::Key},
            .takes = kZeroOption,
            .run = haskey},
    Command{.name = "whereis",
            .arguments = "KEY",
            .help = "print the nodes that are home to a key",
            .key = KeyUse::Key,
            .words = {Word::Key},
            .takes = kZeroOption,
            .run = whereis},
    Command{.name = "ls",
            .arguments = "[PREFIX] [-l] [-0]",
            .help = "print the keys with that prefix, all over the ring, in order",
            .key = KeyUse::Prefix,
            .words = {Word::Key},
            .takes = kLongOption | kZeroOption | kDelimiterOption | kLimitOption | kConsistencyOption,
            .run = ls},
    Command{.name = "upload",
            .arguments = "[DIR [PREFIX]] [-j N] [--names]",
            .help = "store the files of a folder, keys PREFIX and name",
            .key = KeyUse::Prefix,
            .words = {Word::Folder, Word::Key},
            .takes = kJobsOption | kNamesOption | kConsistencyOption,
            .run = upload},
    Command{.name = "download",
            .arguments = "[PREFIX DIR] [-j N]",
            .help = "fetch the keys with that prefix into a folder",
            .key = KeyUse::Prefix,
            .words = {Word::Key, Word::Folder},
            .takes = kJobsOption | kConsistencyOption,
            .keyNeedsFolder = true,
            .run = download},
    Command{.name = "balance",
            .arguments = "[HOST:PORT] [--wait]",
            .help = "make the home nodes of all keys equal, from that node on",
            .key = KeyUse::OptionalNode,
            .words = {Word::Key},
            .takes = kWaitOption,
            .run = balance},
    Command{.name = "purge",
            .arguments = "[HOST:PORT] [--dry-run] [--wait]",
            .help = "let that node drop what does not belong there",
            .key = KeyUse::OptionalNode,
            .words = {Word::Key},
            .takes = kWaitOption | kDryRunOption,
            .run = purge},
    Command{.name = "status", .arguments = "", .help = "print the ring as the node sees it", .run = status},
};

}  // namespace

std::span<const Command> table() {
  return kTable;
}

}  // namespace mydht::client::commands
