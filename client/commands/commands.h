#pragma once

#include "common/result/result.h"

namespace mydht::client {
class Nodes;
struct Options;
}  // namespace mydht::client

/// The functions behind the rows of table.cpp, each in the file of its name. See Command::run.
namespace mydht::client::commands {

/// Prints `PUT OK KEY` when the value is stored at quorum.
Status put(const Options& options, Nodes& nodes);

/// Prints the value and a line end, or writes it to -o; to a terminal only a short text.
Status get(const Options& options, Nodes& nodes);

/// Prints `DEL OK KEY` when the key is deleted at quorum.
Status del(const Options& options, Nodes& nodes);

/// Prints the seconds since 1970 of the value's version with two decimals, `0.0` if there is no value.
Status haskey(const Options& options, Nodes& nodes);

/// Prints the home nodes of the key: `host:port, host:port, host:port`.
Status whereis(const Options& options, Nodes& nodes);

/// Prints the keys with a prefix, one a line, in the order of their bytes, over the whole ring.
Status ls(const Options& options, Nodes& nodes);

/// Stores the files of a folder, several at a time, those alone that the ring does not hold already.
Status upload(const Options& options, Nodes& nodes);

/// Fetches the values of keys with a prefix into a folder, several at a time, those alone that do not lie there
/// already; never outside of it.
Status download(const Options& options, Nodes& nodes);

/// Prints `BALANCE ok` when a balance is begun all around the ring; with --wait when it is done.
Status balance(const Options& options, Nodes& nodes);

/// Prints `PURGE ok` when a node has begun to forget what belongs elsewhere; with --wait when it is done; with
/// --dry-run the counts of what it would do first.
Status purge(const Options& options, Nodes& nodes);

// With --dry-run these print what they would move, change nothing, and fail if they would be refused.

/// Prints `LEAVE ok` when the node, the asked one if none is named, has begun to hand over and leave.
Status leave(const Options& options, Nodes& nodes);

/// Prints `REMOVE ok` when the dead node's place is given to others.
Status remove(const Options& options, Nodes& nodes);

/// Prints `REPLICAS ok` when the ring has agreed to keep so many copies.
Status replicas(const Options& options, Nodes& nodes);

/// Only with --dry-run: prints what would move if a node of a weight and in a zone joined.
Status join(const Options& options, Nodes& nodes);

/// Prints the ring as the asked node sees it, as a table.
Status status(const Options& options, Nodes& nodes);

}  // namespace mydht::client::commands
