#pragma once

#include <vector>

#include "common/version/version.h"

namespace mydht::model {

/// One call on one key, as its client saw it. A write that was not answered may take effect at any time after its
/// start.
struct Call {
  bool write = false;
  bool finished = true;  ///< a get always is
  unsigned start = 0;    ///< step of its beginning; a call that ends at a step is before one that starts at a later one
  unsigned end = 0;
  unsigned value = 0;  ///< written or read; 0 = no value
  bool none = false;   ///< a get that met not even a tombstone: its witness is the settled mark
  Version witness;     ///< where it says that it stands among the versions
};

/// Whether the versions that the calls name are an order that explains them: quick, and enough when true. False only
/// says that these witnesses do not; the exhaustive check then decides.
bool witnessesInOrder(const std::vector<Call>& calls);

/// Whether any order explains the calls on a register that begins with no value (Wing and Gong 1993, with Lowe's memory
/// of what was tried). At most 64 calls.
bool linearizable(const std::vector<Call>& calls);

}  // namespace mydht::model
