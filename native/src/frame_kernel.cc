#include "frame_kernel.hh"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "instructions.hh"

namespace deepspeech {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kMfccFloor = 1e-12;  // TensorFlow's mfcc.cc: kFilterbankFloor
constexpr double kLogMelFloor = 1e-10;

double mel(double hz) { return 1127.0 * std::log1p(hz / 700.0); }

std::size_t next_power_of_two(std::size_t n) {
  std::size_t power = 2;
  while (power < n) power *= 2;
  return power;
}

// Throws std::invalid_argument when the shape cannot be computed.
void check(const FrameShape& shape) {
  if (shape.sample_rate_hz <= 0 || shape.window_samples < 2 || shape.step_samples < 1)
    throw std::invalid_argument("the sample rate, window and step must be positive");
  if (shape.mel_bands < 1) throw std::invalid_argument("there must be a mel band");
  if (shape.kind == FrameKind::mfcc && (shape.coefficients < 1 || shape.coefficients > shape.mel_bands))
    throw std::invalid_argument("coefficients must be between 1 and the number of mel bands");
  if (!(shape.low_hz >= 0 && shape.high_hz > shape.low_hz && shape.high_hz <= shape.sample_rate_hz / 2.0))
    throw std::invalid_argument("mel limits must satisfy 0 <= low < high <= half the sample rate");
}

// Of the transform of `half` complex values.
void add_transform(FrameTables& t) {
  const std::size_t size = 2 * t.half;
  t.cosine.resize(t.bins);
  t.sine.resize(t.bins);
  for (std::size_t k = 0; k < t.bins; ++k) {
    t.cosine[k] = std::cos(2.0 * kPi * k / size);
    t.sine[k] = -std::sin(2.0 * kPi * k / size);
  }
  t.reversed.resize(t.half);
  for (std::size_t i = 0, j = 0; i < t.half; ++i) {
    t.reversed[i] = j;
    std::size_t bit = t.half >> 1;
    while (bit && (j & bit)) { j ^= bit; bit >>= 1; }
    j |= bit;
  }
}

// mfcc_mel_filterbank.cc: what a bin holds is shared between the channels whose centers enclose it.
void add_channels(FrameTables& t, const FrameShape& shape) {
  const double low = mel(shape.low_hz);
  const double spacing = (mel(shape.high_hz) - low) / (shape.mel_bands + 1);
  std::vector<double> center(shape.mel_bands + 1);
  for (int i = 0; i <= shape.mel_bands; ++i) center[i] = low + spacing * (i + 1);
  const double hz_per_bin = 0.5 * shape.sample_rate_hz / t.half;
  const double skipped = shape.kind == FrameKind::mfcc ? 1.5 : 1.0;  // TensorFlow skips a bin within half a bin of it
  t.first_bin = static_cast<std::size_t>(skipped + shape.low_hz / hz_per_bin);
  t.last_bin = static_cast<std::size_t>(shape.high_hz / hz_per_bin);
  if (t.last_bin > t.half) t.last_bin = t.half;
  t.channel.assign(t.bins, -2);
  t.weight.assign(t.bins, 0.0);
  int below = 0;
  for (std::size_t b = t.first_bin; b <= t.last_bin; ++b) {
    const double m = mel(b * hz_per_bin);
    while (below < shape.mel_bands && center[below] < m) ++below;
    const int k = below - 1;
    t.channel[b] = k;
    t.weight[b] = k >= 0 ? (center[k + 1] - m) / (center[k + 1] - center[k]) : (center[0] - m) / (center[0] - low);
  }
}

// A mel band between two bins hears nothing, whatever the sound.
void check_every_band_has_a_bin(const FrameTables& t) {
  std::vector<bool> has_bin(t.bands + 1);
  for (std::size_t b = t.first_bin; b <= t.last_bin; ++b) {
    if (t.channel[b] >= 0 && t.weight[b] > 0) has_bin[t.channel[b]] = true;
    if (t.weight[b] < 1) has_bin[t.channel[b] + 1] = true;
  }
  for (std::size_t band = 0; band < t.bands; ++band)
    if (!has_bin[band])
      throw std::invalid_argument("mel band " + std::to_string(band + 1) + " of " + std::to_string(t.bands) +
                                  " is narrower than the distance of two frequencies; choose fewer mel_bands, a longer "
                                  "window_ms or limits that are further apart");
}

// mfcc_dct.cc: DCT-II, the same factor for every row, no liftering.
void add_cosine_transform(FrameTables& t, const FrameShape& shape) {
  const double factor = std::sqrt(2.0 / shape.mel_bands);
  for (int i = 0; i < shape.coefficients; ++i)
    for (int j = 0; j < shape.mel_bands; ++j)
      t.dct.push_back(factor * std::cos(i * (kPi / shape.mel_bands) * (j + 0.5)));
}

FrameTables tables_of(const FrameShape& shape) {
  check(shape);
  FrameTables t;
  const bool mfcc = shape.kind == FrameKind::mfcc;
  const std::size_t window = static_cast<std::size_t>(shape.window_samples);
  t.kind = shape.kind;
  t.preemphasis = shape.preemphasis;
  t.step = static_cast<std::size_t>(shape.step_samples);
  t.half = next_power_of_two(window) / 2;
  t.bins = t.half + 1;
  t.bands = static_cast<std::size_t>(shape.mel_bands);
  t.dimensions = static_cast<std::size_t>(mfcc ? shape.coefficients : shape.mel_bands);
  t.window.resize(window);
  for (std::size_t k = 0; k < window; ++k) t.window[k] = 0.5 - 0.5 * std::cos(2.0 * kPi * k / window);
  add_transform(t);
  add_channels(t, shape);
  if (mfcc) add_cosine_transform(t, shape);
  else check_every_band_has_a_bin(t);
  return t;
}

// One number for each of kLanes frames. Frames go through the arithmetic side by side, each in a lane of its own, in
// which all happens as if it were alone: its neighbors change no bit.
constexpr std::size_t kLanes = 4;

struct alignas(kLanes * sizeof(double)) Lanes {
  double of[kLanes];

  template <class Make>
  INLINE static Lanes each(Make make) {
    Lanes result;
    for (std::size_t l = 0; l < kLanes; ++l) result.of[l] = make(l);
    return result;
  }
};

INLINE Lanes operator+(const Lanes& a, const Lanes& b) {
  return Lanes::each([&](std::size_t l) { return a.of[l] + b.of[l]; });
}
INLINE Lanes operator-(const Lanes& a, const Lanes& b) {
  return Lanes::each([&](std::size_t l) { return a.of[l] - b.of[l]; });
}
INLINE Lanes operator*(const Lanes& a, double b) {
  return Lanes::each([&](std::size_t l) { return a.of[l] * b; });
}
INLINE Lanes operator*(const Lanes& a, const Lanes& b) {
  return Lanes::each([&](std::size_t l) { return a.of[l] * b.of[l]; });
}

// What a block of frames needs on its way.
struct Work {
  explicit Work(const FrameTables& t)
      : real(t.half), imaginary(t.half), channel(t.bands), power(kLanes * t.bins),
        emphasised(t.kind == FrameKind::log_mel ? (kLanes - 1) * t.step + t.window.size() : 0) {}
  std::vector<Lanes> real, imaginary, channel;
  std::vector<float> power;         // [bins, kLanes]
  std::vector<double> emphasised;   // samples of all windows of the block
};

// Radix-2 decimation in time on `half` complex values; twiddles are every second entry of the full table.
INLINE void transform(const FrameTables& t, Lanes* __restrict real, Lanes* __restrict imaginary) {
  for (std::size_t span = 1; span < t.half; span *= 2) {
    const std::size_t stride = t.half / span;
    for (std::size_t start = 0; start < t.half; start += 2 * span) {
      for (std::size_t k = 0; k < span; ++k) {
        const double wr = t.cosine[k * stride], wi = t.sine[k * stride];
        const std::size_t i = start + k, j = i + span;
        const Lanes ar = real[i], ai = imaginary[i], br = real[j], bi = imaginary[j];
        const Lanes tr = br * wr - bi * wi;
        const Lanes ti = br * wi + bi * wr;
        real[j] = ar - tr;
        imaginary[j] = ai - ti;
        real[i] = ar + tr;
        imaginary[i] = ai + ti;
      }
    }
  }
}

// The samples of a block of frames, each less a share of the one before it. A window's first sample would need one from
// outside, but counts nothing: the window begins with 0.
INLINE const double* emphasised(const FrameTables& t, const float* samples, std::size_t count, Work& work) {
  double* out = work.emphasised.data();
  out[0] = samples[0];
  std::size_t n = 1;
  for (; n + kLanes <= count; n += kLanes) {
    const Lanes now = Lanes::each([&](std::size_t l) { return samples[n + l]; });
    const Lanes before = Lanes::each([&](std::size_t l) { return samples[n + l - 1]; });
    const Lanes rest = now - before * t.preemphasis;
    for (std::size_t l = 0; l < kLanes; ++l) out[n + l] = rest.of[l];
  }
  for (; n < count; ++n) out[n] = samples[n] - t.preemphasis * samples[n - 1];
  return out;
}

// Squared magnitudes, rounded to float as the old kernel's are, of `used` windows; the first begins at `samples`.
template <class Sample>
INLINE void power_of(const FrameTables& t, const Sample* samples, std::size_t used, Work& work) {
  const Sample* first[kLanes];  // lanes that are not used repeat the last frame
  for (std::size_t l = 0; l < kLanes; ++l) first[l] = samples + std::min(l, used - 1) * t.step;
  const std::size_t window = t.window.size();
  // Even samples as real, odd samples as imaginary parts: one transform of half the size.
  for (std::size_t k = 0; k < t.half; ++k) {
    for (const bool odd : {false, true}) {
      const std::size_t n = 2 * k + odd;
      const double factor = n < window ? t.window[n] : 0.0;
      (odd ? work.imaginary : work.real)[t.reversed[k]] =
          Lanes::each([&](std::size_t l) { return n < window ? first[l][n] * factor : 0.0; });
    }
  }
  transform(t, work.real.data(), work.imaginary.data());
  const Lanes *real = work.real.data(), *imaginary = work.imaginary.data();
  for (std::size_t k = 0; k <= t.half; ++k) {
    const std::size_t a = k % t.half, b = (t.half - k) % t.half;
    const Lanes even_r = (real[a] + real[b]) * 0.5, even_i = (imaginary[a] - imaginary[b]) * 0.5;
    const Lanes odd_r = (imaginary[a] + imaginary[b]) * 0.5, odd_i = (real[b] - real[a]) * 0.5;
    const Lanes r = even_r + odd_r * t.cosine[k] - odd_i * t.sine[k];
    const Lanes i = even_i + odd_r * t.sine[k] + odd_i * t.cosine[k];
    const Lanes power = r * r + i * i;
    for (std::size_t l = 0; l < kLanes; ++l) work.power[kLanes * k + l] = static_cast<float>(power.of[l]);
  }
}

// The logarithms of the mel channels of work.power.
template <FrameKind kKind>
INLINE void channels_of(const FrameTables& t, Work& work) {
  std::fill(work.channel.begin(), work.channel.end(), Lanes{});
  for (std::size_t b = t.first_bin; b <= t.last_bin; ++b) {
    const Lanes held = Lanes::each([&](std::size_t l) {
      const double power = work.power[kLanes * b + l];
      return kKind == FrameKind::mfcc ? std::sqrt(power) : power;
    });
    const Lanes share = held * t.weight[b];
    const std::size_t above = static_cast<std::size_t>(t.channel[b] + 1);
    if (above > 0) work.channel[above - 1] = work.channel[above - 1] + share;
    if (above < t.bands) work.channel[above] = work.channel[above] + (held - share);
  }
  constexpr double floor = kKind == FrameKind::mfcc ? kMfccFloor : kLogMelFloor;
  for (Lanes& value : work.channel)
    for (double& one : value.of) one = std::log(one < floor ? floor : one);
}

// One value of the frames of work.channel.
template <FrameKind kKind>
INLINE Lanes value_of(const FrameTables& t, std::size_t number, const Work& work) {
  if constexpr (kKind == FrameKind::log_mel) return work.channel[number];
  const double* row = t.dct.data() + number * t.bands;
  Lanes sum{};
  for (std::size_t j = 0; j < t.bands; ++j) sum = sum + work.channel[j] * row[j];
  return sum;
}

// `count` frames of `samples`, or of `spectra` where there are none: to `power`, `frames` or both, where not null.
struct Walk {
  const float *samples, *spectra;
  std::size_t count;
  float *power, *frames;
};

template <FrameKind kKind>
INLINE void walk_body(const FrameTables& t, const Walk& walk) {
  Work work(t);
  for (std::size_t start = 0; start < walk.count; start += kLanes) {
    const std::size_t used = std::min(kLanes, walk.count - start);
    if (walk.samples) {
      const float* samples = walk.samples + start * t.step;
      if constexpr (kKind == FrameKind::mfcc) power_of(t, samples, used, work);
      else power_of(t, emphasised(t, samples, (used - 1) * t.step + t.window.size(), work), used, work);
    } else {
      for (std::size_t l = 0; l < kLanes; ++l) {
        const float* spectrum = walk.spectra + (start + std::min(l, used - 1)) * t.bins;
        for (std::size_t b = 0; b < t.bins; ++b) work.power[kLanes * b + l] = spectrum[b];
      }
    }
    if (walk.power)
      for (std::size_t l = 0; l < used; ++l)
        for (std::size_t b = 0; b < t.bins; ++b)
          walk.power[(start + l) * t.bins + b] = work.power[kLanes * b + l];
    if (!walk.frames) continue;
    channels_of<kKind>(t, work);
    for (std::size_t i = 0; i < t.dimensions; ++i) {
      const Lanes value = value_of<kKind>(t, i, work);
      for (std::size_t l = 0; l < used; ++l)
        walk.frames[(start + l) * t.dimensions + i] = static_cast<float>(value.of[l]);
    }
  }
}

INLINE void walk_of_kind(const FrameTables& t, const Walk& walk) {
  t.kind == FrameKind::mfcc ? walk_body<FrameKind::mfcc>(t, walk) : walk_body<FrameKind::log_mel>(t, walk);
}

#ifdef DEEPSPEECH_X86
AVX2 void walk_avx2(const FrameTables& t, const Walk& walk) { walk_of_kind(t, walk); }
#endif

void go(const FrameTables& t, const Walk& walk) {
#ifdef DEEPSPEECH_X86
  if (kAvx2) return walk_avx2(t, walk);
#endif
  walk_of_kind(t, walk);
}

}  // namespace

FrameKernel::FrameKernel(const FrameShape& shape) : tables_(tables_of(shape)) {}

std::size_t FrameKernel::windows(std::size_t count) const {
  const std::size_t window = tables_.window.size();
  return count < window ? 0 : 1 + (count - window) / tables_.step;
}

void FrameKernel::power(const float* samples, std::size_t count, float* out) const {
  go(tables_, {samples, nullptr, windows(count), out, nullptr});
}

void FrameKernel::frames(const float* power, std::size_t count, float* out) const {
  go(tables_, {nullptr, power, count, nullptr, out});
}

void FrameKernel::features(const float* samples, std::size_t count, float* out) const {
  go(tables_, {samples, nullptr, windows(count), nullptr, out});
}

}  // namespace deepspeech
