#include "mapped_file.hh"

#ifdef _WIN32
#define NOMINMAX
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <filesystem>
#else
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#endif

#include <system_error>

namespace deepspeech {

#ifdef _WIN32
namespace {

[[noreturn]] void refuse(HANDLE file, DWORD error) {
  if (file != INVALID_HANDLE_VALUE) ::CloseHandle(file);
  throw FormatError("cannot be read (" + std::system_category().message(static_cast<int>(error)) + ")");
}

}  // namespace

MappedFile::MappedFile(const std::string& path, Access access) {
  const bool change = access == Access::kChange;
  const std::filesystem::path name = std::filesystem::u8path(path);
  const HANDLE file = ::CreateFileW(name.c_str(), change ? GENERIC_READ | GENERIC_WRITE : GENERIC_READ, FILE_SHARE_READ,
                                    nullptr, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr);
  if (file == INVALID_HANDLE_VALUE) refuse(file, ::GetLastError());
  LARGE_INTEGER size{};
  if (!::GetFileSizeEx(file, &size)) refuse(file, ::GetLastError());
  if (size.QuadPart <= 0) {
    ::CloseHandle(file);
    throw FormatError("is empty");
  }
  size_ = static_cast<std::uint64_t>(size.QuadPart);
  const HANDLE mapping = ::CreateFileMappingW(file, nullptr, change ? PAGE_READWRITE : PAGE_READONLY, 0, 0, nullptr);
  if (!mapping) refuse(file, ::GetLastError());
  void* data = ::MapViewOfFile(mapping, change ? FILE_MAP_WRITE : FILE_MAP_READ, 0, 0, 0);
  const DWORD error = ::GetLastError();
  ::CloseHandle(mapping);  // the view keeps the mapping, and the mapping the file
  if (!data) refuse(file, error);
  ::CloseHandle(file);
  data_ = static_cast<const std::uint8_t*>(data);
}

MappedFile::~MappedFile() {
  if (mapped_) ::UnmapViewOfFile(data_);
}
#else
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

MappedFile::~MappedFile() {
  if (mapped_) ::munmap(const_cast<std::uint8_t*>(data_), size_);
}
#endif

const std::uint8_t* Cursor::take(std::uint64_t count, std::uint64_t bytes) {
  if (offset_ > file_.size() || count > (file_.size() - offset_) / bytes) throw FormatError("is cut short");
  const std::uint8_t* start = file_.data() + offset_;
  offset_ += count * bytes;
  return start;
}

}  // namespace deepspeech
