// The kernel for processors with AVX-VNNI but without AVX-512 (Intel's since 2021). Compiled for them alone; nothing here
// runs before avx_vnni_kernel() has checked the processor.
//
// Compiled for AVX-512 VNNI instead, the same code uses that set's instruction of the same name: for tests on processors
// that have only this one.
#include "int8_kernel.hh"

#if defined(__AVXVNNI__) || (defined(__AVX512VNNI__) && defined(__AVX512VL__))

#include <cpuid.h>

#include "int8_avx2.hh"

namespace deepspeech {
namespace {

struct Vnni {
  static constexpr std::size_t kRows = 6, kAlone = 8;
  using Columns = __m256i;
  using Sums = Ints;

  static __m256i columns(const std::int8_t* weights) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(weights));
  }
  static __m256i inputs(std::int32_t four) { return _mm256_set1_epi32(four); }
  static void add(Sums& sums, __m256i inputs, __m256i columns) {
#if defined(__AVXVNNI__)
    sums = Ints(_mm256_dpbusd_avx_epi32(__m256i(sums), inputs, columns));
#else
    sums = Ints(_mm256_dpbusd_epi32(__m256i(sums), inputs, columns));
#endif
  }
  static __m256i total(const Sums& sums) { return __m256i(sums); }
};

constexpr Kernel kKernel{round_row, multiply<Vnni>, multiply_float, gates};

// Compilers know the name of this set only since 2023: CPUID's leaf 7, subleaf 1, EAX bit 4 (Intel's manual, volume 2).
bool has_avx_vnni() {
#if defined(__AVXVNNI__)
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax >> 4 & 1);
#else
  return __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
#endif
}

}  // namespace

const Kernel* avx_vnni_kernel() {
  // Where AVX2 is supported, the system keeps registers of 256 bits.
  static const bool able = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_avx_vnni();
  return able ? &kKernel : nullptr;
}

}  // namespace deepspeech

#else

namespace deepspeech {
const Kernel* avx_vnni_kernel() { return nullptr; }
}  // namespace deepspeech

#endif
