#include "server/wire/probe.h"

namespace mydht::wire {
namespace {

constexpr std::size_t kRumour = 17;

void writeRumours(Writer& out, const std::vector<Rumour>& rumours) {
  out.number(static_cast<std::uint32_t>(rumours.size()));
  for (const Rumour& rumour : rumours) {
    out.number(rumour.about).number(rumour.incarnation).number(static_cast<std::uint8_t>(rumour.state));
  }
}

std::vector<Rumour> readRumours(Reader& in) {
  const std::size_t count = in.count(kRumour);
  if (count > kMostRumours) in.fail();
  std::vector<Rumour> rumours(in.ok() ? count : 0);
  for (Rumour& rumour : rumours) {
    in.number(rumour.about);
    in.number(rumour.incarnation);
    const auto state = in.number<std::uint8_t>();
    if (state > static_cast<std::uint8_t>(Liveness::Dead)) in.fail();
    rumour.state = static_cast<Liveness>(state);
  }
  return rumours;
}

}  // namespace

void ProbeAnswer::write(Writer& out) const {
  out.number<std::uint8_t>(reached ? 1 : 0);
  writeRumours(out, rumours);
}

ProbeAnswer ProbeAnswer::read(Reader& in) {
  ProbeAnswer answer;
  const auto reached = in.number<std::uint8_t>();
  if (reached > 1) in.fail();
  answer.reached = reached == 1;
  answer.rumours = readRumours(in);
  return answer;
}

void Probe::write(Writer& out) const {
  out.number(target);
  writeRumours(out, rumours);
}

Probe Probe::read(Reader& in) {
  Probe message;
  in.number(message.target);
  message.rumours = readRumours(in);
  return message;
}

}  // namespace mydht::wire
