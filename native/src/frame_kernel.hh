// Sound to features, each frame for itself, in double precision and a fixed order of summation, so that a clip gives
// the same bits whether it is prepared whole or fed in chunks. Two kinds:
//
// MFCC, as TensorFlow 1.15's kernels spectrogram.cc, mfcc_mel_filterbank.cc and mfcc_dct.cc define them, which the old
// trainer used: periodic Hann window, squared magnitude, triangular mel channels on magnitudes, natural log, DCT-II.
//
// Log-mel energies: pre-emphasis, periodic Hann window, squared magnitude, triangular mel channels on squared
// magnitudes, natural log of at least 1e-10.
#pragma once

#include <cstddef>
#include <vector>

namespace deepspeech {

enum class FrameKind { mfcc, log_mel };

struct FrameShape {
  FrameKind kind;
  int sample_rate_hz;
  int window_samples;
  int step_samples;
  int mel_bands;
  double low_hz;
  double high_hz;
  int coefficients;    // of MFCC
  double preemphasis;  // of log-mel energies: share of the sample before that is taken off each sample
};

// What a shape needs and no sound changes.
struct FrameTables {
  FrameKind kind;
  double preemphasis;
  std::size_t step, half, bins, bands;                // half: of the transform, in complex values
  std::size_t dimensions;                             // of a frame: coefficients of MFCC, else bands
  std::vector<double> window;                         // periodic Hann
  std::vector<double> cosine, sine;                   // twiddle factors of the transform and of its real post-pass
  std::vector<std::size_t> reversed;
  std::size_t first_bin, last_bin;
  std::vector<int> channel;                           // per bin: index of the channel below, -1 before the first center
  std::vector<double> weight;                         // per bin: share of the channel below
  std::vector<double> dct;                            // [coefficients, bands], of MFCC
};

class FrameKernel {
 public:
  // Throws std::invalid_argument when the shape cannot be computed.
  explicit FrameKernel(const FrameShape& shape);

  std::size_t bins() const { return tables_.bins; }
  std::size_t dimensions() const { return tables_.dimensions; }

  // Whole windows in `count` samples; the last incomplete window is not counted.
  std::size_t windows(std::size_t count) const;

  // samples[count] -> power[windows(count) * bins()], squared magnitudes.
  void power(const float* samples, std::size_t count, float* out) const;

  // power[count * bins()] -> features[count * dimensions()].
  void frames(const float* power, std::size_t count, float* out) const;

  // samples[count] -> features[windows(count) * dimensions()]: both in one walk, with the same result.
  void features(const float* samples, std::size_t count, float* out) const;

 private:
  FrameTables tables_;
};

}  // namespace deepspeech
