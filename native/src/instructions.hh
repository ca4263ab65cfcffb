// For arithmetic of which one body is compiled for several sets of instructions; the processor's best is taken when the
// program runs. Every operation is rounded by itself (no fused multiply-add), so that all of them give the same bits;
// CMakeLists.txt has the options for that.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__)
#define DEEPSPEECH_X86 1
#endif
#if defined(__GNUC__)
#define INLINE inline __attribute__((always_inline))
#else
#define INLINE inline
#endif

#ifdef DEEPSPEECH_X86
#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")))

namespace deepspeech {
namespace {
[[maybe_unused]] const bool kAvx2 = __builtin_cpu_supports("avx2");
[[maybe_unused]] const bool kAvx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}  // namespace
}  // namespace deepspeech
#endif
