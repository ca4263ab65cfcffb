// Sound to MFCC, each frame for itself, in double precision and a fixed order of summation, so that a clip gives the
// same bits whether it is prepared whole or fed in chunks.
//
// Definition: TensorFlow 1.15's kernels spectrogram.cc, mfcc_mel_filterbank.cc and mfcc_dct.cc, which the old trainer
// used (periodic Hann window, squared magnitude, triangular mel channels on magnitudes, natural log, DCT-II).
#pragma once

#include <cstddef>
#include <vector>

namespace deepspeech {

struct FrameShape {
  int sample_rate_hz;
  int window_samples;
  int step_samples;
  int mel_bands;
  int coefficients;
  double low_hz;
  double high_hz;
};

// What a shape needs and no sound changes.
struct FrameTables {
  std::size_t step, half, bins, bands, coefficients;  // half: of the transform, in complex values
  std::vector<double> window;                         // periodic Hann
  std::vector<double> cosine, sine;                   // twiddle factors of the transform and of its real post-pass
  std::vector<std::size_t> reversed;
  std::size_t first_bin, last_bin;
  std::vector<int> channel;                           // per bin: index of the channel below, -1 before the first centre
  std::vector<double> weight;                         // per bin: share of the channel below
  std::vector<double> dct;                            // [coefficients, bands]
};

class FrameKernel {
 public:
  // Throws std::invalid_argument when the shape cannot be computed.
  explicit FrameKernel(const FrameShape& shape);

  std::size_t bins() const { return tables_.bins; }
  std::size_t coefficients() const { return tables_.coefficients; }

  // Whole windows in `count` samples; the last incomplete window is not counted.
  std::size_t frames(std::size_t count) const;

  // samples[count] -> power[frames(count) * bins()], squared magnitudes.
  void power(const float* samples, std::size_t count, float* out) const;

  // power[count * bins()] -> mfcc[count * coefficients()].
  void mfcc(const float* power, std::size_t count, float* out) const;

  // samples[count] -> mfcc[frames(count) * coefficients()]: both in one walk, with the same result.
  void features(const float* samples, std::size_t count, float* out) const;

 private:
  FrameTables tables_;
};

}  // namespace deepspeech
