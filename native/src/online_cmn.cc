#include "online_cmn.hh"

namespace deepspeech {

void online_cmn(float* features, std::size_t frames, std::size_t dimensions, double keep, double* state) {
  double& count = state[dimensions];
  for (std::size_t t = 0; t < frames; ++t, features += dimensions) {
    count = keep * count + 1;
    const double share = 1 / count;
    for (std::size_t i = 0; i < dimensions; ++i) {
      state[i] = keep * state[i] + features[i];
      features[i] = static_cast<float>(features[i] - state[i] * share);
    }
  }
}

}  // namespace deepspeech
