// A scorer: a language model, the words it allows, and default weights.
//
// Format: DeepSpeech 0.9.3's .scorer package, version 6 (ctcdecode/scorer.cpp): a KenLM binary, 25 bytes, a dictionary.
#pragma once

#include <memory>
#include <string>

#include "dictionary.hh"
#include "ngram.hh"

namespace deepspeech {

// Immutable; threads may share it.
struct Scorer {
  NgramModel model;
  Dictionary dictionary;
  bool bytes_mode;  // labels are bytes and units are characters, instead of characters and words
  double alpha;     // weight of the language model
  double beta;      // added for each unit
};

// Throws FormatError for what is no sound scorer.
std::shared_ptr<Scorer> open_scorer(const std::string& path);
std::shared_ptr<Scorer> open_scorer(std::shared_ptr<const MappedFile> file);

}  // namespace deepspeech
