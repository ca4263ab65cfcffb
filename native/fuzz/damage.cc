#include "damage.hh"

#include <algorithm>
#include <limits>

namespace fuzz {
namespace {

using Floats = std::numeric_limits<float>;

constexpr std::size_t kCountsAt = 108;      // of n-grams, in the model's header
constexpr std::size_t kHeadNumbersAt = 25;  // version and flags, then four 64-bit numbers, in the automaton's head

// Numbers at which sums and shifts go wrong, and small ones.
std::uint64_t number(Chance& chance) {
  if (chance.once_in(2)) return chance.below(40);
  const std::uint64_t power = 1ull << chance.below(64);
  return chance.one_of({power, power - 1, power + 1, ~power, std::uint64_t{0} - power, chance.bits()});
}

void put_number(Bytes& bytes, std::size_t at, std::size_t size, Chance& chance) {
  const std::uint64_t drawn = number(chance);
  if (size == 8) return put(bytes, at, drawn);
  put(bytes, at, static_cast<std::uint32_t>(drawn));
}

// Bytes, bits and numbers anywhere from `begin` on.
void noise(Bytes& bytes, std::size_t begin, Chance& chance) {
  if (bytes.size() <= begin) return;
  const std::uint64_t kind = chance.below(3);
  for (std::uint64_t times = chance.one_of({1, 1, 2, 4, 30}); times > 0; --times) {
    const std::size_t at = begin + chance.below(bytes.size() - begin);
    if (kind == 0) bytes[at] = static_cast<std::uint8_t>(chance.one_of({0, 1, 0x7F, 0xFF, static_cast<int>(chance.below(256))}));
    if (kind == 1) bytes[at] ^= static_cast<std::uint8_t>(1u << chance.below(8));
    if (kind == 2) put_number(bytes, at / 4 * 4, chance.one_of({4, 8}), chance);
  }
}

std::size_t header_bytes(const Parts& parts) {
  const std::size_t bytes = (kCountsAt + 8 * std::size_t{parts.model[88]} + 7) / 8 * 8;
  return std::min(bytes, parts.model.size());
}

// What a reader wants to see before it goes on: numbers that agree with the header.
void agree(Parts& parts, Chance& chance) {
  Bytes& model = parts.model;
  const bool probing = model[96] < 2, quantized = model[96] == 3 || model[96] == 5;
  const std::uint64_t words = get<std::uint64_t>(model, kCountsAt);
  put(model, 104, probing ? 0u : 1u);
  put(model, header_bytes(parts), probing ? words << 32 : words - 1);
  if (!quantized) return;
  const std::size_t tables = header_bytes(parts) + 8 + 8 * words;
  const std::uint64_t there = get<std::uint64_t>(model, tables);
  if ((there & 0xFF) != 2) put(model, tables, 2 | chance.between(1, 8) << 8 | chance.between(1, 8) << 16);
}

void change_order(Parts& parts, Chance& chance) {
  Bytes& model = parts.model;
  const auto tables = model.begin() + static_cast<std::ptrdiff_t>(header_bytes(parts));
  Bytes changed(model.begin(), model.begin() + kCountsAt + 8);
  changed[88] = static_cast<std::uint8_t>(chance.once_in(20) ? chance.below(20) : chance.between(2, 8));
  for (std::size_t n = 1; n < changed[88]; ++n) append(changed, chance.below(20));
  changed.resize((changed.size() + 7) / 8 * 8);
  changed.insert(changed.end(), tables, model.end());
  model = std::move(changed);
}

// Another header for the same tables, which mostly get the length that it asks for.
void damage_header(Parts& parts, Chance& chance) {
  Bytes& model = parts.model;
  switch (chance.below(6)) {
    case 0:
      change_order(parts, chance);
      break;
    case 1:
      put(model, 92, chance.once_in(8) ? chance.one_of({0.0f, -1.0f, 1e9f, 1e38f}) : 1.0f + 2.0f * chance.fraction());
      break;
    case 2:
      put(model, 96, static_cast<std::uint32_t>(chance.below(chance.once_in(20) ? 8 : 6)));
      break;
    case 3:
      put_number(model, header_bytes(parts) + 8 * chance.between(chance.once_in(20) ? 0 : 1, 3), 8, chance);  // words
      break;
    default: {
      const std::size_t at = kCountsAt + 8 * chance.below(model[88]);
      put(model, at, chance.once_in(4) ? number(chance) : get<std::uint64_t>(model, at) + chance.below(7) - 3);
    }
  }
  if (!chance.once_in(16)) agree(parts, chance);
  if (!chance.once_in(16)) refit(model, chance);
}

void damage_trailer(Parts& parts, Chance& chance) {
  Bytes& trailer = parts.trailer;
  const std::uint64_t kind = chance.below(4);
  if (kind == 0) trailer[8] ^= 1;  // bytes mode
  if (kind == 1) put(trailer, 9 + 8 * chance.below(2), chance.one_of({0.0, -1.0, 1e6, -1e5, 999999.0, 1e300, 1e-300}));
  if (kind == 2) put(trailer, 9 + 8 * chance.below(2), 4.0 * chance.fraction() - 2.0);
  if (kind == 3) noise(trailer, chance.once_in(20) ? 0 : 16, chance);
}

void damage_states(Parts& parts, Chance& chance) {
  const std::size_t states = parts.states.size() / 20, arcs = parts.arcs.size() / 16;
  const std::size_t at = 20 * chance.below(states);
  const std::uint64_t kind = chance.below(4);
  if (kind == 0) put(parts.states, at, chance.one_of({0.0f, Floats::infinity(), Floats::quiet_NaN(), -1.0f}));
  const std::uint64_t first = get<std::uint32_t>(parts.states, at + 4), count = get<std::uint32_t>(parts.states, at + 8);
  if (kind == 1) put(parts.states, at + 4, static_cast<std::uint32_t>(chance.below(arcs + 2 - count)));
  if (kind == 2) put(parts.states, at + 8, static_cast<std::uint32_t>(chance.below(arcs + 2 - first)));
  if (kind == 3) put_number(parts.states, at + 4 * chance.between(chance.once_in(20) ? 1 : 3, 4), 4, chance);
}

void damage_arcs(Parts& parts, Chance& chance) {
  const std::size_t states = parts.states.size() / 20, arcs = parts.arcs.size() / 16;
  const std::size_t at = 16 * chance.below(arcs);
  const std::uint64_t kind = chance.once_in(20) ? 3 : chance.below(3);
  if (kind == 0) put(parts.arcs, at + 12, static_cast<std::uint32_t>(chance.below(states)));
  if (kind == 1) put(parts.arcs, at, get<std::uint32_t>(parts.arcs, at) + chance.one_of({1u, ~0u, 2u}));
  if (kind == 2) put(parts.arcs, at, static_cast<std::uint32_t>(chance.below(chance.once_in(10) ? 260 : 4)));
  if (kind == 3) put_number(parts.arcs, at + chance.one_of({0, 12}), 4, chance);
}

void damage_head(Parts& parts, Chance& chance) {
  Bytes& head = parts.head;
  const std::uint64_t field = chance.below(6);
  if (field < 2) return put(head, kHeadNumbersAt + 4 * field, static_cast<std::uint32_t>(chance.below(6)));
  const std::size_t at = kHeadNumbersAt + 8 * (field - 1);
  if (chance.once_in(2)) return put_number(head, at, 8, chance);
  put(head, at, get<std::uint64_t>(head, at) + chance.below(3) - 1);
}

// The words of another scorer.
void change_dictionary(Parts& parts, Chance& chance) {
  Parts other = invent(chance);
  parts.head = std::move(other.head);
  parts.states = std::move(other.states);
  parts.arcs = std::move(other.arcs);
}

// Pieces of the file lost, doubled or added.
void damage_length(Bytes& file, Chance& chance) {
  const std::size_t at = chance.below(file.size());
  const std::size_t count = std::min<std::size_t>(file.size() - at, chance.one_of({1, 4, 8, 16, 20, 100}));
  const auto begin = file.begin() + static_cast<std::ptrdiff_t>(at);
  const auto end = begin + static_cast<std::ptrdiff_t>(count);
  const std::uint64_t kind = chance.below(5);
  if (kind == 0) file.resize(at);
  if (kind == 1) file.resize(file.size() - std::min(file.size(), count));
  if (kind == 2) file.erase(begin, end);
  if (kind == 3) file.resize(file.size() + chance.below(5000), static_cast<std::uint8_t>(chance.bits()));
  if (kind == 4) {
    const Bytes doubled(begin, end);
    file.insert(end, doubled.begin(), doubled.end());
  }
}

}  // namespace

Bytes damage(Parts parts, Chance& chance) {
  for (std::uint64_t times = chance.one_of({1, 1, 2, 3, 5}); times > 0; --times) {
    const std::uint64_t kind = chance.below(24);
    if (kind < 6)
      damage_header(parts, chance);
    else if (kind < 8)
      damage_trailer(parts, chance);
    else if (kind < 10)
      damage_states(parts, chance);
    else if (kind < 12)
      damage_arcs(parts, chance);
    else if (kind == 12)
      damage_head(parts, chance);
    else if (kind == 13)
      noise(parts.arcs, 0, chance);
    else if (kind == 14)
      change_dictionary(parts, chance);
    else
      noise(parts.model, chance.once_in(40) ? 0 : header_bytes(parts), chance);
  }
  Bytes file = join(parts);
  if (chance.once_in(16)) damage_length(file, chance);
  return file;
}

}  // namespace fuzz
