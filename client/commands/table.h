#pragma once

#include <span>

#include "client/command.h"

namespace mydht::client::commands {

/// All commands, in the order in which the usage shows them. A new one is a file, a declaration in commands.h and a
/// row here.
std::span<const Command> table();

}  // namespace mydht::client::commands
