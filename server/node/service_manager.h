#pragma once

#include <string>

#include "common/result/result.h"

namespace mydht::node {

/// Tells the service manager that started this process how it stands ("READY=1", "STOPPING=1", "STATUS=..."; several
/// with line ends between), as systemd's sd_notify(3) does: one datagram to the socket that NOTIFY_SOCKET names.
/// Nothing happens without that variable. Io if nobody takes it. Does not block.
Status tellServiceManager(const std::string& state);

}  // namespace mydht::node
