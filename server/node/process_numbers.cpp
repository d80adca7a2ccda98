#include "server/node/process_numbers.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace mydht::node {
namespace {

std::string contentOf(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// When the machine began, in seconds since 1970.
double bootedAt() {
  const std::string stat = contentOf("/proc/stat");
  const std::size_t at = stat.find("\nbtime ");
  return at == std::string::npos ? 0 : std::strtod(stat.c_str() + at + 7, nullptr);
}

std::uint64_t openFiles() {
  DIR* const folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  std::uint64_t count = 0;
  while (const dirent* const entry = ::readdir(folder)) {  // NOLINT(concurrency-mt-unsafe): the stream is our own
    if (entry->d_name[0] != '.') ++count;
  }
  ::closedir(folder);
  return count > 0 ? count - 1 : 0;  // without the folder itself
}

}  // namespace

metrics::ProcessNumbers processNumbers() {
  metrics::ProcessNumbers numbers;
  numbers.openFiles = openFiles();
  rlimit most{};
  if (::getrlimit(RLIMIT_NOFILE, &most) == 0) numbers.mostOpenFiles = most.rlim_cur;
  // proc(5): the program's name, which may hold blanks, stands in brackets as the second field.
  const std::string stat = contentOf("/proc/self/stat");
  const std::size_t name = stat.rfind(')');
  if (name == std::string::npos) return numbers;
  std::istringstream rest(stat.substr(name + 1));
  const std::vector<std::string> fields(std::istream_iterator<std::string>(rest), {});
  constexpr std::size_t kUserTime = 11, kSystemTime = 12, kStartTime = 19, kVirtual = 20, kResident = 21;
  if (fields.size() <= kResident) return numbers;
  const auto field = [&fields](std::size_t i) { return std::strtoull(fields[i].c_str(), nullptr, 10); };
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  numbers.cpuSeconds = static_cast<double>(field(kUserTime) + field(kSystemTime)) / ticks;
  numbers.startedAtSeconds = bootedAt() + static_cast<double>(field(kStartTime)) / ticks;
  numbers.virtualBytes = field(kVirtual);
  numbers.residentBytes = field(kResident) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return numbers;
}

}  // namespace mydht::node
