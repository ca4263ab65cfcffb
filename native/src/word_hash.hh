// KenLM's hash of a word, by which its files sort and find words.
#pragma once

#include <cstdint>
#include <string_view>

namespace deepspeech {

// MurmurHash64A with seed 0 (Austin Appleby, public domain) of the UTF-8 bytes.
std::uint64_t word_hash(std::string_view word);

}  // namespace deepspeech
