#include "corpus.hh"

#include <cstring>
#include <stdexcept>

#include "word_hash.hh"

namespace deepspeech {
namespace {

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\0'; }

std::string cause(std::uint64_t line, const std::string& what) { return "line " + std::to_string(line) + " " + what; }

}  // namespace

bool is_utf8(std::string_view bytes) {
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto* const end = at + bytes.size();
  while (at < end) {
    const unsigned char lead = *at++;
    if (lead < 0x80) continue;
    const int more = lead >= 0xC2 && lead < 0xE0 ? 1 : lead >= 0xE0 && lead < 0xF0 ? 2 : lead >= 0xF0 && lead < 0xF5 ? 3 : 0;
    if (more == 0 || end - at < more) return false;
    if ((lead == 0xE0 && *at < 0xA0) || (lead == 0xED && *at > 0x9F)) return false;
    if ((lead == 0xF0 && *at < 0x90) || (lead == 0xF4 && *at > 0x8F)) return false;
    for (int i = 0; i < more; ++i)
      if ((*at++ & 0xC0) != 0x80) return false;
  }
  return true;
}

WordList::WordList() : starts_{0}, slots_(1 << 16, kAbsent) {}

std::size_t WordList::slot(std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at] != kAbsent && hashes_[slots_[at]] != hash) at = (at + 1) & mask;
  return at;
}

std::uint32_t WordList::find(std::string_view word) const { return slots_[slot(word_hash(word))]; }

std::uint32_t WordList::find_or_add(std::string_view word, bool& added) {
  const std::uint64_t hash = word_hash(word);
  const std::size_t at = slot(hash);
  added = slots_[at] == kAbsent;
  if (!added) return slots_[at];
  const auto number = static_cast<std::uint32_t>(hashes_.size());
  if (number >= kAbsent - 1) throw std::invalid_argument("holds more than 4294967294 different words");
  slots_[at] = number;
  hashes_.push_back(hash);
  text_.append(word);
  starts_.push_back(text_.size());
  if (2 * hashes_.size() > slots_.size()) grow();
  return number;
}

void WordList::grow() {
  slots_.assign(2 * slots_.size(), kAbsent);
  for (std::size_t number = 0; number < hashes_.size(); ++number)
    slots_[slot(hashes_[number])] = static_cast<std::uint32_t>(number);
}

Corpus::Corpus(bool markers_are_space) : markers_are_space_(markers_are_space), occurrences_(3, 0) {
  bool added;
  for (const char* marker : {"<unk>", "<s>", "</s>"}) words_.find_or_add(marker, added);
}

void Corpus::read(std::string_view lines, std::vector<std::uint32_t>& numbers) {
  const char* at = lines.data();
  const char* const end = at + lines.size();
  while (at < end) {
    ++line_;
    const auto* found = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
    const char* const stop = found == nullptr ? end : found;
    while (at < stop) {
      while (at < stop && is_space(*at)) ++at;
      const char* const start = at;
      while (at < stop && !is_space(*at)) ++at;
      if (at > start) add(std::string_view(start, static_cast<std::size_t>(at - start)), numbers);
    }
    numbers.push_back(kSentenceEnd);
    ++occurrences_[kSentenceEnd];
    at = stop + 1;
  }
}

void Corpus::add(std::string_view word, std::vector<std::uint32_t>& numbers) {
  bool added;
  const std::uint32_t number = words_.find_or_add(word, added);
  if (added) {
    // Each word's characters are checked once, when it is new.
    if (!is_utf8(word)) throw std::invalid_argument(cause(line_, "is no UTF-8; convert the text first, with iconv for example"));
    occurrences_.push_back(0);
  }
  // KenLM takes <UNK> for <unk>.
  if (number <= kSentenceEnd || word == "<UNK>") {
    if (markers_are_space_) return;
    throw std::invalid_argument(
        cause(line_, "holds '" + std::string(word) + "', which means something of its own in language models; "
                     "remove it, or let such markers count as space"));
  }
  ++occurrences_[number];
  numbers.push_back(number);
}

}  // namespace deepspeech
