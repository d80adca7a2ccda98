#include "server/node/application.h"

int main(int argc, char** argv) {
  return mydht::node::runApplication(argc, argv);
}
