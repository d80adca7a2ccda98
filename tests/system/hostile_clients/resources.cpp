#include "tests/system/hostile_clients/resources.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace mydht {

Resources resourcesOf(pid_t process) {
  const std::string folder = "/proc/" + std::to_string(process);
  Resources resources;
  std::ifstream status(folder + "/status");
  for (std::string name; status >> name;) {
    if (name == "VmRSS:") status >> resources.residentKib;
    if (name == "RssAnon:") status >> resources.anonymousKib;
  }
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder + "/fd", error)) {
    const auto target = std::filesystem::read_symlink(entry.path(), error);
    if (error) continue;  // closed meanwhile
    ++resources.descriptors;
    if (target.string().starts_with("socket:")) ++resources.sockets;
  }
  return resources;
}

}  // namespace mydht
