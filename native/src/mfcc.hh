// Sound to MFCC, one frame at a time, in double precision and a fixed order of summation, so that a clip gives the
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

class FrameKernel {
 public:
  // Throws std::invalid_argument when the shape cannot be computed.
  explicit FrameKernel(const FrameShape& shape);

  std::size_t bins() const { return fft_size_ / 2 + 1; }
  std::size_t coefficients() const { return static_cast<std::size_t>(shape_.coefficients); }
  const FrameShape& shape() const { return shape_; }

  // Whole windows in `count` samples; the last incomplete window is not counted.
  std::size_t frames(std::size_t count) const;

  // samples[count] -> power[frames(count) * bins()], squared magnitudes.
  void power(const float* samples, std::size_t count, float* out) const;

  // power[count * bins()] -> mfcc[count * coefficients()].
  void mfcc(const float* power, std::size_t count, float* out) const;

 private:
  void transform(std::vector<double>& real, std::vector<double>& imaginary) const;

  FrameShape shape_;
  std::size_t fft_size_;
  std::vector<double> window_;       // periodic Hann
  std::vector<double> cosine_;       // twiddle factors of the half-size transform and of its real post-pass
  std::vector<double> sine_;
  std::vector<std::size_t> reversed_;
  std::size_t first_bin_;
  std::size_t last_bin_;
  std::vector<int> channel_;         // per bin: index of the channel below, -1 before the first centre
  std::vector<double> weight_;       // per bin: share of the channel below
  std::vector<double> dct_;          // [coefficients, mel_bands]
};

}  // namespace deepspeech
