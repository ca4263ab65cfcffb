#include "mfcc.hh"

#include <cmath>
#include <stdexcept>

namespace deepspeech {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kFloor = 1e-12;  // mfcc.cc: kFilterbankFloor

double mel(double hz) { return 1127.0 * std::log1p(hz / 700.0); }

std::size_t next_power_of_two(std::size_t n) {
  std::size_t power = 2;
  while (power < n) power *= 2;
  return power;
}

}  // namespace

FrameKernel::FrameKernel(const FrameShape& shape) : shape_(shape) {
  if (shape.sample_rate_hz <= 0 || shape.window_samples < 2 || shape.step_samples < 1)
    throw std::invalid_argument("the sample rate, window and step must be positive");
  if (shape.mel_bands < 1 || shape.coefficients < 1 || shape.coefficients > shape.mel_bands)
    throw std::invalid_argument("coefficients must lie between 1 and the number of mel bands");
  if (shape.low_hz < 0 || shape.high_hz <= shape.low_hz || shape.high_hz > shape.sample_rate_hz / 2.0)
    throw std::invalid_argument("mel limits must satisfy 0 <= low < high <= half the sample rate");

  const std::size_t window = static_cast<std::size_t>(shape.window_samples);
  fft_size_ = next_power_of_two(window);
  window_.resize(window);
  for (std::size_t k = 0; k < window; ++k) window_[k] = 0.5 - 0.5 * std::cos(2.0 * kPi * k / window);

  cosine_.resize(fft_size_ / 2 + 1);
  sine_.resize(fft_size_ / 2 + 1);
  for (std::size_t k = 0; k <= fft_size_ / 2; ++k) {
    cosine_[k] = std::cos(2.0 * kPi * k / fft_size_);
    sine_[k] = -std::sin(2.0 * kPi * k / fft_size_);
  }
  const std::size_t half = fft_size_ / 2;
  reversed_.resize(half);
  for (std::size_t i = 0, j = 0; i < half; ++i) {
    reversed_[i] = j;
    std::size_t bit = half >> 1;
    while (bit && (j & bit)) { j ^= bit; bit >>= 1; }
    j |= bit;
  }

  // mfcc_mel_filterbank.cc: a bin's magnitude is shared between the channels whose centres enclose it.
  const double low = mel(shape.low_hz);
  const double spacing = (mel(shape.high_hz) - low) / (shape.mel_bands + 1);
  std::vector<double> centre(shape.mel_bands + 1);
  for (int i = 0; i <= shape.mel_bands; ++i) centre[i] = low + spacing * (i + 1);
  const double hz_per_bin = 0.5 * shape.sample_rate_hz / (bins() - 1);
  first_bin_ = static_cast<std::size_t>(1.5 + shape.low_hz / hz_per_bin);
  last_bin_ = static_cast<std::size_t>(shape.high_hz / hz_per_bin);
  if (last_bin_ >= bins()) last_bin_ = bins() - 1;
  channel_.assign(bins(), -2);
  weight_.assign(bins(), 0.0);
  int below = 0;
  for (std::size_t b = first_bin_; b <= last_bin_; ++b) {
    const double m = mel(b * hz_per_bin);
    while (below < shape.mel_bands && centre[below] < m) ++below;
    const int k = below - 1;
    channel_[b] = k;
    weight_[b] = k >= 0 ? (centre[k + 1] - m) / (centre[k + 1] - centre[k]) : (centre[0] - m) / (centre[0] - low);
  }

  // mfcc_dct.cc: DCT-II, the same factor for every row, no liftering.
  dct_.resize(static_cast<std::size_t>(shape.coefficients) * shape.mel_bands);
  const double factor = std::sqrt(2.0 / shape.mel_bands);
  for (int i = 0; i < shape.coefficients; ++i)
    for (int j = 0; j < shape.mel_bands; ++j)
      dct_[static_cast<std::size_t>(i) * shape.mel_bands + j] = factor * std::cos(i * (kPi / shape.mel_bands) * (j + 0.5));
}

std::size_t FrameKernel::frames(std::size_t count) const {
  const std::size_t window = window_.size();
  return count < window ? 0 : 1 + (count - window) / static_cast<std::size_t>(shape_.step_samples);
}

// Radix-2 decimation in time on fft_size_/2 complex values; twiddles are every second entry of the full table.
void FrameKernel::transform(std::vector<double>& real, std::vector<double>& imaginary) const {
  const std::size_t half = fft_size_ / 2;
  for (std::size_t span = 1; span < half; span *= 2) {
    const std::size_t stride = half / span;
    for (std::size_t start = 0; start < half; start += 2 * span) {
      for (std::size_t k = 0; k < span; ++k) {
        const double wr = cosine_[k * stride], wi = sine_[k * stride];
        const std::size_t i = start + k, j = i + span;
        const double tr = real[j] * wr - imaginary[j] * wi;
        const double ti = real[j] * wi + imaginary[j] * wr;
        real[j] = real[i] - tr;
        imaginary[j] = imaginary[i] - ti;
        real[i] += tr;
        imaginary[i] += ti;
      }
    }
  }
}

void FrameKernel::power(const float* samples, std::size_t count, float* out) const {
  const std::size_t half = fft_size_ / 2, window = window_.size(), total = frames(count);
  std::vector<double> frame(fft_size_, 0.0), real(half), imaginary(half);
  for (std::size_t t = 0; t < total; ++t, out += bins()) {
    const float* first = samples + t * static_cast<std::size_t>(shape_.step_samples);
    for (std::size_t k = 0; k < window; ++k) frame[k] = first[k] * window_[k];
    // Even samples as real, odd samples as imaginary parts: one transform of half the size.
    for (std::size_t k = 0; k < half; ++k) {
      real[reversed_[k]] = frame[2 * k];
      imaginary[reversed_[k]] = frame[2 * k + 1];
    }
    transform(real, imaginary);
    for (std::size_t k = 0; k <= half; ++k) {
      const std::size_t a = k % half, b = (half - k) % half;
      const double even_r = 0.5 * (real[a] + real[b]), even_i = 0.5 * (imaginary[a] - imaginary[b]);
      const double odd_r = 0.5 * (imaginary[a] + imaginary[b]), odd_i = 0.5 * (real[b] - real[a]);
      const double r = even_r + odd_r * cosine_[k] - odd_i * sine_[k];
      const double i = even_i + odd_r * sine_[k] + odd_i * cosine_[k];
      out[k] = static_cast<float>(r * r + i * i);
    }
  }
}

void FrameKernel::mfcc(const float* power, std::size_t count, float* out) const {
  const int bands = shape_.mel_bands;
  std::vector<double> channel(bands);
  for (std::size_t t = 0; t < count; ++t, power += bins(), out += coefficients()) {
    std::fill(channel.begin(), channel.end(), 0.0);
    for (std::size_t b = first_bin_; b <= last_bin_; ++b) {
      const double magnitude = std::sqrt(static_cast<double>(power[b]));
      const double share = magnitude * weight_[b];
      const int k = channel_[b];
      if (k >= 0) channel[k] += share;
      if (k + 1 < bands) channel[k + 1] += magnitude - share;
    }
    for (double& value : channel) value = std::log(value < kFloor ? kFloor : value);
    for (int i = 0; i < shape_.coefficients; ++i) {
      const double* row = dct_.data() + static_cast<std::size_t>(i) * bands;
      double sum = 0.0;
      for (int j = 0; j < bands; ++j) sum += row[j] * channel[j];
      out[i] = static_cast<float>(sum);
    }
  }
}

}  // namespace deepspeech
