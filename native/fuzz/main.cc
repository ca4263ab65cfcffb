// Damages scorer files at random, opens them, and searches with those that open: for a time or a number of files.
//
//   make fuzz [SECONDS=60]
//   build/fuzz/scorers [--seconds N] [--files N] [--seed N] [--only N] [FILE.scorer …]
//
// Most files are damaged copies of small ones that are invented on the way, of every kind of language model; one in
// ten, if any are named, of those. Built with AddressSanitizer and UndefinedBehaviorSanitizer; the first finding ends
// it, leaves the file beside the program and says how to meet it again. With -DLIBFUZZER, libFuzzer leads instead.
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "damage.hh"
#include "searches.hh"

extern "C" const char* __asan_default_options() {
  // A small quarantine and short traces of allocations: files come by the million.
  return "handle_abort=1:max_allocation_size_mb=64:hard_rss_limit_mb=4096:quarantine_size_mb=8:malloc_context_size=6";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::Tally tally;
  std::uint64_t seed = size;
  for (std::size_t i = 0; i < size; ++i) seed = seed * 31 + data[i];
  fuzz::Chance chance(seed);
  fuzz::search_with(data, size, chance, tally);
  return 0;
}

#ifndef LIBFUZZER

namespace {

constexpr unsigned kSlowest_s = 20;  // for one file of a few kilobytes

// The file at hand, for whoever dies with it.
struct AtHand {
  std::uint64_t seed = 0;
  std::uint64_t number = 0;
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  std::string folder;
} at_hand;

void leave_finding() {
  if (at_hand.data == nullptr) return;
  const std::string path = at_hand.folder + "/finding-" + std::to_string(at_hand.seed) + "-" +
                           std::to_string(at_hand.number) + ".scorer";
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(at_hand.data),
                                              static_cast<std::streamsize>(at_hand.size));
  std::fprintf(stderr, "finding: file %llu of seed %llu, left as %s; again with --seed %llu --only %llu\n",
               static_cast<unsigned long long>(at_hand.number), static_cast<unsigned long long>(at_hand.seed),
               path.c_str(), static_cast<unsigned long long>(at_hand.seed),
               static_cast<unsigned long long>(at_hand.number));
}

void too_slow(int) {
  constexpr char message[] = "finding: a search does not end\n";
  if (::write(STDERR_FILENO, message, sizeof message - 1) < 0) std::_Exit(1);
  std::abort();
}

struct Orders {
  std::uint64_t seconds = 60, files = ~0ull, seed = 1, only = ~0ull;
  std::vector<fuzz::Parts> named;
};

Orders read_orders(int count, char** words) {
  Orders orders;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    std::uint64_t* number = word == "--seconds" ? &orders.seconds
                            : word == "--files" ? &orders.files
                            : word == "--seed"  ? &orders.seed
                            : word == "--only"  ? &orders.only
                                                : nullptr;
    if (number != nullptr && i + 1 < count) {
      *number = std::strtoull(words[++i], nullptr, 10);
      continue;
    }
    std::ifstream file(word, std::ios::binary);
    const std::vector<char> content{std::istreambuf_iterator<char>(file), {}};
    orders.named.push_back(fuzz::split(fuzz::Bytes(content.begin(), content.end())));
  }
  return orders;
}

// The file of a number depends on the seed, the number and the named files alone.
void one_file(const Orders& orders, std::uint64_t number, fuzz::Tally& tally) {
  fuzz::Chance chance(orders.seed * 0x9E3779B97F4A7C15ull ^ number * 0xD1B54A32D192ED03ull);
  const bool named = !orders.named.empty() && chance.once_in(10);
  const fuzz::Parts parts = named ? orders.named[chance.below(orders.named.size())] : fuzz::invent(chance);
  const fuzz::Bytes file = fuzz::damage(parts, chance);
  // Exactly as long as the file, so that reading beyond its end is seen.
  const std::unique_ptr<std::uint8_t[]> exact(new std::uint8_t[file.size()]);
  if (!file.empty()) std::memcpy(exact.get(), file.data(), file.size());
  at_hand.number = number;
  at_hand.data = exact.get();
  at_hand.size = file.size();
  ::alarm(kSlowest_s);
  fuzz::search_with(exact.get(), file.size(), chance, tally);
  at_hand.data = nullptr;
}

void print(const fuzz::Tally& tally, double seconds, const char* end) {
  const auto share = [&](std::uint64_t count) { return 100.0 * static_cast<double>(count) / static_cast<double>(tally.files); };
  std::printf("%llu damaged scorers in %.0f s: %.1f %% opened, %.1f %% fitted an alphabet; %llu searches%s",
              static_cast<unsigned long long>(tally.files), seconds, share(tally.opened), share(tally.fitting),
              static_cast<unsigned long long>(tally.searches), end);
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** words) {
  const Orders orders = read_orders(count, words);
  const std::string program = words[0];
  at_hand.seed = orders.seed;
  at_hand.folder = program.find('/') == std::string::npos ? "." : program.substr(0, program.rfind('/'));
  __sanitizer_set_death_callback(leave_finding);
  std::signal(SIGALRM, too_slow);
  fuzz::Tally tally;
  if (orders.only != ~0ull) {
    one_file(orders, orders.only, tally);
    print(tally, 0, "; no finding\n");
    return 0;
  }
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  double last_report = 0;
  for (std::uint64_t number = 0; number < orders.files; ++number) {
    if (number % 64 == 0 && seconds() >= static_cast<double>(orders.seconds)) break;
    one_file(orders, number, tally);
    if (number % 64 != 0 || seconds() < last_report + 30) continue;
    last_report = seconds();
    print(tally, last_report, "\n");
  }
  ::alarm(0);
  print(tally, seconds(), "; no finding\n");
  return 0;  // and LeakSanitizer has its say
}

#endif
