// Online cepstral mean normalization: from each frame the running mean of the clip is subtracted, so that microphones
// and rooms sound more alike. A recursion in double precision, frame by frame, so chunks of any size give the same bits.
#pragma once

#include <cstddef>

namespace deepspeech {

// In place: features[frames * dimensions]. The state[dimensions + 1] holds sums and number of frames so far, both
// multiplied by `keep` at each frame; what it starts with is the mean before the first frame and its weight in frames.
void online_cmn(float* features, std::size_t frames, std::size_t dimensions, double keep, double* state);

}  // namespace deepspeech
