/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Assertions, for bugs only.
 *
 * RK_ASSERT stays in release builds: it guards what would otherwise corrupt memory or data, and
 * costs a compare. RK_DEBUG_ASSERT is for checks too dear for that. Neither is for what a broker,
 * the network or the application may do: those are values.
 */
#ifndef RK_BASE_ASSERT_H
#define RK_BASE_ASSERT_H

_Noreturn void rk_assert_failed(const char *expression, const char *file, int line);

#define RK_ASSERT(expression)                                  \
    do {                                                       \
        if (__builtin_expect(!(expression), 0))                \
            rk_assert_failed(#expression, __FILE__, __LINE__); \
    } while (0)

#ifdef RK_DEBUG
#define RK_DEBUG_ASSERT(expression) RK_ASSERT(expression)
#else
#define RK_DEBUG_ASSERT(expression) ((void)sizeof(expression))
#endif

#define rk_container_of(pointer, type, member) \
    ((type *)(void *)((char *)(pointer) - __builtin_offsetof(type, member)))

#define RK_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define RK_MIN(a, b)       ((a) < (b) ? (a) : (b))
#define RK_MAX(a, b)       ((a) > (b) ? (a) : (b))
#define RK_LIKELY(x)       __builtin_expect(!!(x), 1)
#define RK_UNLIKELY(x)     __builtin_expect(!!(x), 0)
#define RK_PREFETCH(x)     __builtin_prefetch(x)
#define RK_ALWAYS_INLINE   static inline __attribute__((always_inline))
#define RK_FORMAT(a, b)    __attribute__((format(printf, a, b)))

#endif
