// Runs a fuzzer once on each file of a folder, and on the first half of each: what was found once stays found, in every
// build.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

bool replay(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (file.bad() || !file.is_open()) {
    std::fprintf(stderr, "cannot read %s\n", path.c_str());
    return false;
  }
  for (const std::size_t bytes : {text.size(), text.size() / 2}) {
    // A copy of exactly this size, so that a sanitizer sees a read beyond it.
    std::vector<std::uint8_t> input(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bytes));
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  return true;
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER\n", words[0]);
    return 2;
  }
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(words[1], error)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  const bool all = std::all_of(paths.begin(), paths.end(), replay);
  if (paths.empty()) std::fprintf(stderr, "no files in %s\n", words[1]);
  std::printf("%zu files\n", paths.size());
  return all && !paths.empty() ? 0 : 1;
}
