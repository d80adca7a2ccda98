#pragma once

#include <string>

#include "common/result/result.h"
#include "server/ports/random.h"

namespace mydht::node {

/// The secret in a file: its first line. Io, with what to do about it, if the file cannot be read or says nothing: an
/// empty secret would let everybody in. Blocks.
Result<std::string> readSecretFile(const std::string& path);

/// Writes a new secret for a ring, 256 random bits as one line of hexadecimal digits, into a new file that only its
/// owner may read, synced. Conflict if there is such a file already: it may be the secret of a ring. Io if it cannot be
/// written; then nothing is left behind. Blocks.
Status writeNewSecret(const std::string& path, Random& random);

}  // namespace mydht::node
