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
