#pragma once

#include "server/metrics/numbers.h"

namespace mydht::node {

/// What the system says of this process, from /proc: some 50 us. What cannot be read is 0. Any thread.
metrics::ProcessNumbers processNumbers();

}  // namespace mydht::node
