// The kernel for processors with AVX2 and FMA (Intel since 2013, AMD since 2015). Compiled for them alone; nothing here
// runs before avx2_kernel() has checked the processor.
//
// The instruction that multiplies bytes adds two products in 16 bits, where they may not fit. So bytes are widened to 16
// bits before: of those, two products are added in 32 bits, and sums are exact.
#include "int8_kernel.hh"

#if defined(__AVX2__) && defined(__FMA__)

#include "int8_avx2.hh"

namespace deepspeech {
namespace {

struct Widened {
  static constexpr std::size_t kRows = 3, kAlone = 4;
  struct Columns {
    __m256i low, high;  // 4 inputs of outputs 0 to 3, and of 4 to 7
  };
  struct Sums {
    Ints low, high;  // two of each output, whose sum is meant
  };

  static __m256i wide(const std::int8_t* weights) {
    return _mm256_cvtepi8_epi16(_mm_load_si128(reinterpret_cast<const __m128i*>(weights)));
  }
  static Columns columns(const std::int8_t* weights) { return {wide(weights), wide(weights + 16)}; }
  static __m256i inputs(std::int32_t four) { return _mm256_cvtepu8_epi16(_mm_set1_epi32(four)); }
  static void add(Sums& sums, __m256i inputs, const Columns& columns) {
    sums.low = Ints(_mm256_add_epi32(__m256i(sums.low), _mm256_madd_epi16(inputs, columns.low)));
    sums.high = Ints(_mm256_add_epi32(__m256i(sums.high), _mm256_madd_epi16(inputs, columns.high)));
  }
  static __m256i total(const Sums& sums) {
    const __m256i mixed = _mm256_hadd_epi32(__m256i(sums.low), __m256i(sums.high));  // 0 1 4 5 2 3 6 7
    return _mm256_permute4x64_epi64(mixed, _MM_SHUFFLE(3, 1, 2, 0));
  }
};

constexpr Kernel kKernel{round_row, multiply<Widened>, multiply_float, gates};

}  // namespace

const Kernel* avx2_kernel() {
  static const bool able = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return able ? &kKernel : nullptr;
}

}  // namespace deepspeech

#else

namespace deepspeech {
const Kernel* avx2_kernel() { return nullptr; }
}  // namespace deepspeech

#endif
