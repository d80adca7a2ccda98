#pragma once

namespace mydht::node {

/// The program: reads its options, then runs as a POCO application until a signal ends it. Returns the exit status: 0
/// done, 1 failed, 2 wrong usage.
int runApplication(int argc, char** argv);

}  // namespace mydht::node
