/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Symbol visibility.  The only public header with preprocessor logic.
 */
#ifndef SMP_EXPORT_H
#define SMP_EXPORT_H

#if defined(SMP_STATIC)
#define SMP_API
#elif defined(__GNUC__)
#define SMP_API __attribute__((visibility("default")))
#else
#define SMP_API
#endif

#endif
