#include "language.hh"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

namespace deepspeech {
namespace {

constexpr double kUnknown = -1000.0;         // natural logarithm for units with an unknown one among them
constexpr double kLog10OfE = 0.4342944819f;  // as float32, which the old scorer divided by
constexpr double kLargest = 1e6;             // of weights and logarithms; far from where sums of float32 overflow
constexpr double kNotYet = std::numeric_limits<double>::quiet_NaN();

// Bytes of the UTF-8 character that `first` begins; 0 for a byte that begins none.
int character_bytes(unsigned first) {
  if (first < 0x80) return 1;
  if (first >= 0xC0 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  return first >= 0xF0 && first < 0xF8 ? 4 : 0;
}

unsigned byte_of(std::uint32_t label) { return label + 1; }

bool sane(double number) { return std::fabs(number) < kLargest; }

}  // namespace

std::string spelling(const Language& language, std::uint32_t label) {
  if (language.pieces) return language.pieces->all[label].text;
  return language.scorer->bytes_mode ? std::string(1, static_cast<char>(byte_of(label))) : language.labels[label];
}

void check(const Language& language) {
  const Scorer& scorer = *language.scorer;
  const std::size_t labels = language.labels.size();
  if (scorer.dictionary.labels() > labels)
    throw std::invalid_argument("its dictionary has " + std::to_string(scorer.dictionary.labels()) +
                                " labels, the alphabet " + std::to_string(labels));
  if (scorer.bytes_mode && labels != 255) throw std::invalid_argument("it is for bytes, the alphabet for letters");
  const std::uint32_t end = scorer.dictionary.last_label();
  if (!scorer.bytes_mode && (end == kNoLabel || end != language.space))
    throw std::invalid_argument("its words do not end with the space of this alphabet");
  if (language.pieces) {
    if (scorer.bytes_mode) throw std::invalid_argument("it is for bytes, the network gives pieces of words");
    for (const Piece& piece : language.pieces->all)
      for (const std::uint32_t letter : piece.letters)
        if (letter >= labels || letter == language.space)
          throw std::invalid_argument("a piece is spelled with letters that are in no word");
  }
  if (!sane(language.alpha) || !sane(language.beta)) throw std::invalid_argument("alpha and beta are too large");
  for (const auto& [word, boost] : language.hot_words)
    if (!sane(boost)) throw std::invalid_argument("the boost of hot word '" + word + "' is too large");
}

LanguageStream::LanguageStream(std::shared_ptr<const Language> language)
    : language_(std::move(language)),
      pieces_(language_->pieces ? language_->pieces->all.data() : nullptr),
      bytes_mode_(language_->scorer->bytes_mode),
      spaced_(!pieces_ && !bytes_mode_),
      space_(language_->space) {
  Context context{};
  context.state = language_->scorer->model.sentence_begin();
  context.uses = 1;
  context.next_free = kNone;
  contexts_.push_back(context);
}

Position LanguageStream::start() const {
  return {0, language_->scorer->dictionary.start(), 0, 0, false, 0.0f, kNotYet, 0.0f};
}

void LanguageStream::release(const Position& position) {
  Context& context = contexts_[position.context];
  if (--context.uses > 0) return;  // the first context holds a use of its own
  context.next_free = free_;
  free_ = position.context;
  ++free_count_;
}

void LanguageStream::reserve(std::size_t count) {
  const std::size_t needed = contexts_.size() + count;
  if (free_count_ < count && needed > contexts_.capacity())
    contexts_.reserve(std::max(needed, 2 * contexts_.capacity()));
}

Id LanguageStream::add(const Context& context) {
  if (free_ == kNone) {
    contexts_.push_back(context);
    return static_cast<Id>(contexts_.size() - 1);
  }
  const Id id = free_;
  free_ = contexts_[id].next_free;
  --free_count_;
  contexts_[id] = context;
  return id;
}

bool LanguageStream::ends_character(const Position& position, std::uint32_t label) const {
  return position.unit_length == 0 ? character_bytes(byte_of(label)) == 1 : position.missing == 1;
}

std::uint32_t LanguageStream::walk(const Position& position, std::uint32_t token) const {
  const Dictionary& dictionary = language_->scorer->dictionary;
  const Piece& piece = pieces_[token];
  if (!piece.spelled) return dictionary.outside();
  std::uint32_t state = piece.starts_word ? dictionary.start() : position.state;
  for (const std::uint32_t letter : piece.letters) {
    const Dictionary::Arc* way = dictionary.find(state, letter);
    if (way == nullptr) return dictionary.outside();
    state = way->next;
  }
  return state;
}

std::string LanguageStream::unit(const Position& position, const PrefixTree& tree, Id node) const {
  std::vector<std::uint32_t> labels(position.unit_length);
  for (std::size_t i = labels.size(); i-- > 0; node = tree.parent(node)) labels[i] = tree.label(node);
  std::string text;
  for (const std::uint32_t label : labels) text += spelling(*language_, label);
  return text;
}

float LanguageStream::boost(const std::string& unit) const {
  if (language_->hot_words.empty()) return 0.0f;
  const auto found = language_->hot_words.find(unit);
  return found == language_->hot_words.end() ? 0.0f : found->second;
}

LanguageStream::UnitScore LanguageStream::score(const Context& context, const std::string& unit, bool welcome) const {
  const NgramModel& model = language_->scorer->model;
  UnitScore score{kUnknown, 0.0f};
  for (std::uint32_t i = 0; i < context.units; ++i) score.boost += context.boosts[i];
  score.boost += boost(unit);
  const std::uint32_t id = model.id(unit);
  if ((id == kUnknownWord && !welcome) || context.tainted > 0) return score;
  NgramState after;
  const double log = static_cast<double>(model.score(context.state, id, after).log10) / kLog10OfE;
  if (sane(log)) score.log = log;  // a damaged file may hold anything
  if (id == kUnknownWord) score.log = std::max(score.log, -std::log(static_cast<double>(model.header().counts[0])));
  return score;
}

LanguageStream::Context LanguageStream::advance(const Context& context, const std::string& unit, bool welcome) const {
  const NgramModel& model = language_->scorer->model;
  const std::uint32_t memory = static_cast<std::uint32_t>(model.order() - 1);
  Context next = context;
  next.uses = 1;
  if (next.units == memory)
    std::copy(next.boosts + 1, next.boosts + memory, next.boosts);
  else
    ++next.units;
  next.boosts[next.units - 1] = boost(unit);
  const std::uint32_t id = model.id(unit);
  const bool taints = id == kUnknownWord && !welcome;
  next.tainted = taints ? memory : context.tainted - (context.tainted > 0);
  if (taints)
    next.state = model.nothing();
  else
    model.score(next.state, id, next.state);
  return next;
}

float LanguageStream::bonus(Position& position, const PrefixTree& tree, Id node, std::uint32_t label,
                            bool welcome) const {
  const Context& context = contexts_[position.context];
  UnitScore found{position.next_log, position.next_boost};
  if (bytes_mode_) {
    found = score(context, unit(position, tree, node) + spelling(*language_, label), welcome);
  } else if (std::isnan(found.log)) {
    found = score(context, unit(position, tree, node), welcome);
    position.next_log = found.log;
    position.next_boost = found.boost;
  }
  return static_cast<float>((found.log + found.boost) * language_->alpha);
}

Position LanguageStream::extend(const Position& position, const PrefixTree& tree, Id node, std::uint32_t label,
                                float bonus, bool welcome) {
  Position next = position;
  next.ends_unit = ends_unit(position, label);
  if (pieces_ == nullptr) {
    const Dictionary& dictionary = language_->scorer->dictionary;
    const Dictionary::Arc* way = dictionary.find(position.state, label);
    next.state = way != nullptr ? way->next : next.ends_unit ? dictionary.start() : dictionary.outside();
  } else {
    next.state = walk(position, label);
  }
  next.next_log = kNotYet;
  if (next.ends_unit) {
    std::string text = unit(position, tree, node);
    if (bytes_mode_) text += spelling(*language_, label);
    next.context = add(advance(contexts_[position.context], text, welcome));
    next.unit_length = pieces_ != nullptr ? 1 : 0;  // the piece that ends a word begins the next
    next.missing = 0;
    next.bonus = bonus;
    return next;
  }
  retain(next);
  next.missing = position.unit_length == 0 ? character_bytes(byte_of(label)) - 1 : position.missing - 1;
  next.unit_length = position.unit_length + 1;
  next.bonus = 0.0f;
  return next;
}

float LanguageStream::final_bonus(const Position& position, const PrefixTree& tree, Id node, bool welcome) const {
  const bool root = node == PrefixTree::kRoot;
  if (root) return bytes_mode_ ? language_->beta : 0.0f;
  if (pieces_ != nullptr ? position.state == language_->scorer->dictionary.start() : position.ends_unit) return 0.0f;
  const double log = std::isnan(position.next_log)
                         ? score(contexts_[position.context], unit(position, tree, node), welcome).log
                         : position.next_log;
  return static_cast<float>(static_cast<float>(log * language_->alpha) + language_->beta);
}

}  // namespace deepspeech
