// Scorer files in pieces, to be put together and damaged.
//
// Formats: as read by native/src/scorer.cc, kenlm_file.cc, ngram_tables.cc and dictionary.cc.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "chance.hh"

namespace fuzz {

using Bytes = std::vector<std::uint8_t>;

template <typename Number>
void put(Bytes& bytes, std::size_t at, Number number) {
  if (at + sizeof number <= bytes.size()) std::memcpy(bytes.data() + at, &number, sizeof number);
}

template <typename Number>
void append(Bytes& bytes, Number number) {
  bytes.resize(bytes.size() + sizeof number);
  put(bytes, bytes.size() - sizeof number, number);
}

template <typename Number>
Number get(const Bytes& bytes, std::size_t at) {
  Number number{};
  if (at + sizeof number <= bytes.size()) std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

struct Parts {
  Bytes model;    // KenLM binary
  Bytes trailer;  // 25 bytes
  Bytes head;     // 65 bytes: that of the automaton
  Bytes states;   // 20 bytes each
  Bytes arcs;     // 16 bytes each
};

// The file, its automaton aligned as the format wants it.
Bytes join(const Parts& parts);

// Throws FormatError where the file is no scorer.
Parts split(const Bytes& file);

// Makes the model as long as its own header says, if that is known; new bytes are drawn.
void refit(Bytes& model, Chance& chance);

// A small scorer of a kind, order and mode that are drawn; it can be opened, and knows its own words.
Parts invent(Chance& chance);

}  // namespace fuzz
