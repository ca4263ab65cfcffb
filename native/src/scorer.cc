#include "scorer.hh"

#include <cmath>
#include <utility>

namespace deepspeech {
namespace {

constexpr std::uint32_t kMagic = 0x54524945;  // "EIRT"
constexpr std::int32_t kVersion = 6;

void check_trailer(const MappedFile& file, const NgramModel& model) {
  if (file.size() <= model.end())
    throw FormatError("is a plain language model without a dictionary; package it as a scorer");
  Cursor cursor(file, model.end());
  if (cursor.read<std::uint32_t>() != kMagic)
    throw FormatError(model.header().has_strings
                          ? "holds a language model with vocabulary strings; build that without them (-v)"
                          : "is no scorer: its dictionary does not follow the language model");
  const std::int32_t version = cursor.read<std::int32_t>();
  if (version != kVersion)
    throw FormatError("is a scorer of version " + std::to_string(version) + ", not " + std::to_string(kVersion) +
                      "; package it again");
}

// The old decoder kept both as float32.
double read_weight(Cursor& cursor) {
  const double weight = static_cast<float>(cursor.read<double>());
  if (!std::isfinite(weight)) throw FormatError("is damaged: alpha and beta are no numbers");
  return weight;
}

}  // namespace

std::shared_ptr<Scorer> open_scorer(const std::string& path) {
  const auto file = std::make_shared<const MappedFile>(path);
  NgramModel model(file);
  check_trailer(*file, model);
  Cursor cursor(*file, model.end() + 8);
  const bool bytes_mode = *cursor.take(1, 1) != 0;
  const double alpha = read_weight(cursor), beta = read_weight(cursor);
  return std::make_shared<Scorer>(Scorer{std::move(model), Dictionary(cursor), bytes_mode, alpha, beta});
}

}  // namespace deepspeech
