#include "kenlm_file.hh"

#include <algorithm>
#include <string>

#include "word_hash.hh"

namespace deepspeech {
namespace {

constexpr std::string_view kMagic = "mmap lm http://kheafield.com/code format version 5\n";
constexpr std::string_view kAnyVersion = "mmap lm http://kheafield.com/code format version";
constexpr std::string_view kIncomplete = "mmap lm http://kheafield.com/code incomplete";

bool starts_with(const MappedFile& file, std::string_view text) {
  return file.size() >= text.size() && std::memcmp(file.data(), text.data(), text.size()) == 0;
}

void check_magic(const MappedFile& file) {
  if (starts_with(file, kIncomplete))
    throw FormatError("is a language model whose build was interrupted; build it again");
  if (starts_with(file, "\\data\\") || starts_with(file, "\n\\data\\"))
    throw FormatError("is an ARPA text file; make a binary language model of it first");
  if (!starts_with(file, kAnyVersion)) throw FormatError("is no scorer and no KenLM binary");
  if (!starts_with(file, kMagic)) throw FormatError("is a KenLM binary of another version than 5; build it again");
}

// Numbers by which the writer's machine shows how it stores them.
bool same_machine(const std::uint8_t* at) {
  return load<float>(at) == 0.0f && load<float>(at + 4) == 1.0f && load<float>(at + 8) == -0.5f &&
         load<std::uint32_t>(at + 12) == 1 && load<std::uint32_t>(at + 16) == 0xFFFFFFFFu &&
         load<std::uint64_t>(at + 24) == 1;
}

}  // namespace

std::uint64_t KenlmHeader::buckets(std::uint64_t entries) const {
  const float wanted = probing_multiplier * static_cast<float>(entries);
  if (!(wanted < 1e15f)) throw FormatError("is cut short");
  return std::max(entries + 1, static_cast<std::uint64_t>(wanted));
}

KenlmHeader read_kenlm_header(const MappedFile& file, Cursor& cursor) {
  check_magic(file);
  cursor.take(56, 1);
  if (!same_machine(cursor.take(32, 1))) throw FormatError("was made on another kind of machine; build it again here");
  KenlmHeader header;
  header.order = *cursor.take(4, 1);
  header.probing_multiplier = cursor.read<float>();
  const std::uint32_t type = cursor.read<std::uint32_t>();
  header.has_strings = *cursor.take(4, 1) != 0;
  const std::uint32_t search_version = cursor.read<std::uint32_t>();
  if (header.order < 2 || header.order > kMaxOrder)
    throw FormatError("is of order " + std::to_string(header.order) + "; orders 2 to " + std::to_string(kMaxOrder) +
                      " can be used");
  if (type > static_cast<std::uint32_t>(KenlmType::kQuantArrayTrie))
    throw FormatError("holds an unknown kind of language model (" + std::to_string(type) + ")");
  header.type = static_cast<KenlmType>(type);
  if (search_version != (header.probing() ? 0u : 1u))
    throw FormatError("is a KenLM binary of another search version; build it again");
  if (header.probing() && !(header.probing_multiplier >= 1.0f))
    throw FormatError("is damaged: its hash tables overflow");
  for (std::size_t n = 0; n < header.order; ++n) header.counts.push_back(cursor.read<std::uint64_t>());
  if (header.counts[0] < 1 || header.counts[0] >= 0xFFFFFFFFull)
    throw FormatError("is damaged: it cannot hold " + std::to_string(header.counts[0]) + " words");
  cursor.align(8);
  return header;
}

std::uint64_t kenlm_header_bytes(std::size_t order) { return (108 + 8 * order + 7) / 8 * 8; }

void write_kenlm_header(const KenlmHeader& header, std::uint8_t* at) {
  std::memset(at, 0, kenlm_header_bytes(header.order));
  std::memcpy(at, kMagic.data(), kMagic.size());
  store(at + 60, 1.0f);
  store(at + 64, -0.5f);
  store(at + 68, std::uint32_t{1});
  store(at + 72, 0xFFFFFFFFu);
  store(at + 80, std::uint64_t{1});
  at[88] = static_cast<std::uint8_t>(header.order);
  store(at + 92, header.probing_multiplier);
  store(at + 96, static_cast<std::uint32_t>(header.type));
  at[100] = header.has_strings ? 1 : 0;
  store(at + 104, header.probing() ? 0u : 1u);
  for (std::size_t n = 0; n < header.order; ++n) store(at + 108 + 8 * n, header.counts[n]);
}

Vocabulary::Vocabulary(Cursor& cursor, const KenlmHeader& header)
    : probing_(header.probing()), words_(header.counts[0]) {
  if (probing_) {
    if (cursor.read<std::uint32_t>() != 0) throw FormatError("is damaged: its vocabulary is of another version");
    cursor.read<std::uint32_t>();  // number of ids
    words_ += 1;                   // ids start at 1 where the model has no entry for unknown words
    table_ = HashTable(cursor, header.buckets(header.counts[0]), 4);
    return;
  }
  hash_count_ = cursor.read<std::uint64_t>();
  hashes_ = cursor.take(words_, 8);
  if (hash_count_ > words_) throw FormatError("is damaged: its vocabulary is larger than its header says");
  words_ += 1;
}

std::uint32_t Vocabulary::id(std::string_view word) const {
  const std::uint64_t hash = word_hash(word);
  if (probing_) {
    const std::uint8_t* found = table_.find(hash);
    const std::uint32_t id = found == nullptr ? kUnknownWord : load<std::uint32_t>(found);
    return id < words_ ? id : kUnknownWord;
  }
  std::uint64_t begin = 0, end = hash_count_;
  while (begin < end) {
    const std::uint64_t middle = begin + (end - begin) / 2;
    const std::uint64_t found = load<std::uint64_t>(hashes_ + 8 * middle);
    if (found == hash) return static_cast<std::uint32_t>(middle + 1);
    if (found < hash)
      begin = middle + 1;
    else
      end = middle;
  }
  return kUnknownWord;
}

}  // namespace deepspeech
