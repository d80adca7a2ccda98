#include <fstream>

#include "tests/support/files/temp_directory.h"
#include "tests/unit/server/disk/disk_subject.h"
#include "tests/unit/server/disk/real_disk.h"

namespace mydht {
namespace {

class RealSubject final : public DiskSubject {
 public:
  Disk& disk() override { return real_.disk(); }
  void run(std::function<Task<>()> make) override { real_.run(make()); }
  void restart() override {
    real_.close();
    real_.open();
    MYDHT_ASSERT(real_.isOpen());
  }
  void corrupt(BlobId blob, std::uint64_t offset) override {
    const std::string path =
        directory_.path() + "/blobs/" + disk::blobFolder(disk::folderOf(blob)) + "/" + disk::blobName(blob);
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    MYDHT_ASSERT(file.is_open());
    file.seekg(static_cast<std::streamoff>(offset));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(static_cast<char>(byte ^ 1));
  }

 private:
  support::TempDirectory directory_;
  RealDisk real_{directory_.path()};
};

}  // namespace

std::unique_ptr<DiskSubject> realDisk() {
  return std::make_unique<RealSubject>();
}

}  // namespace mydht
