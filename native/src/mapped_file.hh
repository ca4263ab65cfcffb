// A file read through memory, and numbers read from it without alignment. Little-endian machines only, as the formats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>

namespace deepspeech {

// A file is damaged or of another kind. The message is half a sentence, to be put after the file's name.
class FormatError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class MappedFile {
 public:
  enum class Access { kRead, kChange };

  // Throws FormatError where the file cannot be read, or changed.
  explicit MappedFile(const std::string& path, Access access = Access::kRead);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::uint8_t* data() const { return data_; }

  // The same bytes, of a file opened to be changed.
  std::uint8_t* changeable(const std::uint8_t* at) const { return const_cast<std::uint8_t*>(at); }
  std::uint64_t size() const { return size_; }

 private:
  const std::uint8_t* data_ = nullptr;
  std::uint64_t size_ = 0;
};

template <typename Number>
void store(std::uint8_t* at, Number number) {
  std::memcpy(at, &number, sizeof number);
}

template <typename Number>
Number load(const std::uint8_t* at) {
  Number number;
  std::memcpy(&number, at, sizeof number);
  return number;
}

// Goes through a file from front to back and never past its end.
class Cursor {
 public:
  Cursor(const MappedFile& file, std::uint64_t offset) : file_(file), offset_(offset) {}

  std::uint64_t offset() const { return offset_; }
  const std::uint8_t* here() const { return file_.data() + offset_; }

  // Passes over `count` items of `bytes` bytes each; their start. Throws FormatError where the file is too short.
  const std::uint8_t* take(std::uint64_t count, std::uint64_t bytes);

  template <typename Number>
  Number read() {
    return load<Number>(take(1, sizeof(Number)));
  }

  // Passes on to the next offset that is a multiple of `bytes`.
  void align(std::uint64_t bytes) { take((bytes - offset_ % bytes) % bytes, 1); }

 private:
  const MappedFile& file_;
  std::uint64_t offset_;
};

}  // namespace deepspeech
