// HTTP over loopback as a subject of the transport's contract test.
#include "tests/unit/server/peer/http_subject.h"

namespace mydht {

std::unique_ptr<TransportSubject> httpTransport() {
  return std::make_unique<peer::testing::HttpWorld>();
}

std::unique_ptr<TransportSubject> signedHttpTransport() {
  return std::make_unique<peer::testing::HttpWorld>("a secret of the ring");
}

}  // namespace mydht
