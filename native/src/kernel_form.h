/**
 * @file kernel_form.h
 * Which form of the kernels a build holds: plain C99 (the reference), the Arm DSP extension, or MVE (Helium).
 * All give the same results to the bit. The compiler's target decides; -DPARLEY_FORM_PLAIN, _DSP or _MVE
 * choose by hand. kernel_form_fits() asks the processor: a file's name or architecture code proves nothing.
 */
#ifndef PARLEY_KERNEL_FORM_H
#define PARLEY_KERNEL_FORM_H

#if !defined(PARLEY_FORM_PLAIN) && !defined(PARLEY_FORM_DSP) && !defined(PARLEY_FORM_MVE)
#if defined(__ARM_FEATURE_MVE) && defined(__ARM_FEATURE_DSP)
#define PARLEY_FORM_MVE
#elif defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
#define PARLEY_FORM_DSP
#else
#define PARLEY_FORM_PLAIN
#endif
#endif

#if defined(PARLEY_FORM_DSP) || defined(PARLEY_FORM_MVE)
#define PARLEY_ARM 1
#else
#define PARLEY_ARM 0
#endif

/** AVX2 beside the plain form, where the processor has it: x64 only, and no build has to. */
#if defined(PARLEY_FORM_PLAIN) && defined(__x86_64__) && defined(__GNUC__) && !defined(PARLEY_NO_AVX2)
#define PARLEY_AVX2 1

/** 1 if processor and system have AVX2; asked once. */
int kernel_form_avx2(void);
#else
#define PARLEY_AVX2 0
#endif

/** 1 if this processor has what the kernels were compiled for. */
int kernel_form_fits(void);

#endif
