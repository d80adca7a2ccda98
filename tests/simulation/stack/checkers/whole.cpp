#include "tests/simulation/stack/checkers/whole.h"

#include <fmt/format.h>

namespace mydht::simulation {

void Whole::sends(const Operation& put, std::string_view bytes) {
  sent_[put.value] = {put.key, bytes.size(), sha256Of(bytes)};
}

void Whole::see(const Operation& get, const Entry& entry, std::string_view bytes) {
  const Digest sha256 = sha256Of(bytes);
  const auto sent = sent_.find(get.value);
  const bool asAnnounced = bytes.size() == entry.size && sha256 == entry.sha256;
  const bool asSent = sent != sent_.end() && sent->second.key == get.key && sent->second.size == bytes.size() &&
                      sent->second.sha256 == sha256;
  if (asAnnounced && asSent) return;
  broken_.push_back(fmt::format("a value came that is not whole: {}: {} bytes, {} announced, {} sent", describe(get),
                                bytes.size(), entry.size, sent == sent_.end() ? 0 : sent->second.size));
  ring_.trace.line(broken_.back());
}

}  // namespace mydht::simulation
