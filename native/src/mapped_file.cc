#include "mapped_file.hh"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace deepspeech {
namespace {

[[noreturn]] void refuse(int file, int error) {
  if (file >= 0) ::close(file);
  throw FormatError("cannot be read (" + std::generic_category().message(error) + ")");
}

}  // namespace

MappedFile::MappedFile(const std::string& path, Access access) {
  const bool change = access == Access::kChange;
  const int file = ::open(path.c_str(), (change ? O_RDWR : O_RDONLY) | O_CLOEXEC);
  if (file < 0) refuse(file, errno);
  struct stat status {};
  if (::fstat(file, &status) != 0) refuse(file, errno);
  if (S_ISDIR(status.st_mode)) refuse(file, EISDIR);
  if (status.st_size <= 0) {
    ::close(file);
    throw FormatError("is empty");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
  void* data = ::mmap(nullptr, size_, change ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, file, 0);
  if (data == MAP_FAILED) refuse(file, errno);
  ::close(file);
  data_ = static_cast<const std::uint8_t*>(data);
}

MappedFile::~MappedFile() { ::munmap(const_cast<std::uint8_t*>(data_), size_); }

const std::uint8_t* Cursor::take(std::uint64_t count, std::uint64_t bytes) {
  if (offset_ > file_.size() || count > (file_.size() - offset_) / bytes) throw FormatError("is cut short");
  const std::uint8_t* start = file_.data() + offset_;
  offset_ += count * bytes;
  return start;
}

}  // namespace deepspeech
