#include "common/result/limits.h"
#include "server/node/application.h"

static_assert(mydht::limits::kPartitionBits == 14, "a node that stores anything has the partitions of all others");

int main(int argc, char** argv) {
  return mydht::node::runApplication(argc, argv);
}
