#include "server/runtime/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

#include "common/result/check.h"

namespace mydht::runtime {
namespace {

sigset_t handled() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return set;
}

Descriptor openDescriptor() {
  const sigset_t set = handled();
  const int descriptor = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  MYDHT_ASSERT(descriptor >= 0);
  return Descriptor(descriptor);
}

}  // namespace

void blockSignals() {
  const sigset_t set = handled();
  MYDHT_ASSERT(::pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
}

Signals::Signals(EventLoop& loop) : descriptor_(openDescriptor()), watch_(loop, descriptor_.get()) {
  MYDHT_ASSERT(watch_.ok());
}

Task<std::optional<int>> Signals::next(Deadline deadline) {
  while (true) {
    signalfd_siginfo info{};
    if (::read(descriptor_.get(), &info, sizeof info) == sizeof info) co_return static_cast<int>(info.ssi_signo);
    watch_.readingBlocked();
    const bool ready = co_await watch_.readable(deadline);
    if (!ready) co_return std::nullopt;
  }
}

}  // namespace mydht::runtime
