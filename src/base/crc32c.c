/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/crc32c.h"

#include <stdatomic.h>

#include "base/assert.h"
#include "base/crc_table.h"

#if defined(__x86_64__)
#define HAS_X86_FORMS 1
#include <immintrin.h>
#else
#define HAS_X86_FORMS 0
#endif

#if defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HAS_ARM_FORM 1
#if !defined(__ARM_FEATURE_CRC32) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif
#else
#define HAS_ARM_FORM 0
#endif

static const uint32_t tables[8][256] = {
    {RK_CRC_TABLE(0xf26b8303, 0xe13b70f7, 0xc79a971f, 0x8ad958cf, 0x105ec76f, 0x20bd8ede,
                  0x417b1dbc, 0x82f63b78)},
    {RK_CRC_TABLE(0x13a29877, 0x274530ee, 0x4e8a61dc, 0x9d14c3b8, 0x3fc5f181, 0x7f8be302,
                  0xff17c604, 0xfbc3faf9)},
    {RK_CRC_TABLE(0xa541927e, 0x4f6f520d, 0x9edea41a, 0x38513ec5, 0x70a27d8a, 0xe144fb14,
                  0xc76580d9, 0x8b277743)},
    {RK_CRC_TABLE(0xdd45aab8, 0xbf672381, 0x7b2231f3, 0xf64463e6, 0xe964b13d, 0xd725148b,
                  0xaba65fe7, 0x52a0c93f)},
    {RK_CRC_TABLE(0x38116fac, 0x7022df58, 0xe045beb0, 0xc5670b91, 0x8f2261d3, 0x1ba8b557,
                  0x37516aae, 0x6ea2d55c)},
    {RK_CRC_TABLE(0xef306b19, 0xdb8ca0c3, 0xb2f53777, 0x6006181f, 0xc00c303e, 0x85f4168d,
                  0x0e045beb, 0x1c08b7d6)},
    {RK_CRC_TABLE(0x68032cc8, 0xd0065990, 0xa5e0c5d1, 0x4e2dfd53, 0x9c5bfaa6, 0x3d5b83bd,
                  0x7ab7077a, 0xf56e0ef4)},
    {RK_CRC_TABLE(0x493c7d27, 0x9278fa4e, 0x211d826d, 0x423b04da, 0x847609b4, 0x0d006599,
                  0x1a00cb32, 0x34019664)},
};

static uint32_t by_tables(uint32_t crc, const void *data, size_t size)
{
    return rk_crc_by_tables(tables, crc, data, size);
}

#if HAS_X86_FORMS

/* An instruction takes eight bytes every cycle but answers after three, so that three streams run
 * as fast as one. */
#define LARGE_STREAM 4096
#define SMALL_STREAM 256

static inline uint64_t load64(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return word;
}

__attribute__((target("sse4.2"))) static uint64_t x86_one_stream(uint64_t crc, const uint8_t *at,
                                                                 size_t size)
{
    for (; size >= 8; size -= 8, at += 8)
        crc = _mm_crc32_u64(crc, load64(at));
    uint32_t narrow = (uint32_t)crc;
    while (size--)
        narrow = _mm_crc32_u8(narrow, *at++);
    return narrow;
}

__attribute__((target("sse4.2"))) static uint32_t by_sse42(uint32_t crc, const void *data,
                                                           size_t size)
{
    return ~(uint32_t)x86_one_stream(~crc, data, size);
}

/*
 * Three neighbouring streams, joined. To append n bytes to a CRC is to multiply it by x^8n: `keys`
 * are x^(16 * stream - 33) and x^(8 * stream - 33), because the carry-less product of two
 * bit-reflected numbers stands one bit too low, and the CRC instruction that reduces it multiplies
 * by x^32.
 */
__attribute__((target("sse4.2,pclmul"))) static inline uint64_t
x86_three_streams(uint64_t a, const uint8_t *at, size_t stream, __m128i keys)
{
    uint64_t b = 0;
    uint64_t c = 0;
    for (size_t i = 0; i < stream; i += 8) {
        a = _mm_crc32_u64(a, load64(at + i));
        b = _mm_crc32_u64(b, load64(at + stream + i));
        c = _mm_crc32_u64(c, load64(at + 2 * stream + i));
    }
    __m128i moved_a = _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)a), keys, 0x00);
    __m128i moved_b = _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)b), keys, 0x10);
    uint64_t joined = (uint64_t)_mm_cvtsi128_si64(_mm_xor_si128(moved_a, moved_b));
    return _mm_crc32_u64(0, joined) ^ c;
}

__attribute__((target("sse4.2,pclmul"))) static uint32_t
by_three_streams(uint32_t crc, const void *data, size_t size)
{
    const __m128i large_keys = _mm_set_epi64x(0x82f89c77, 0x54a86326);
    const __m128i small_keys = _mm_set_epi64x(0xb9e02b86, 0xdd7e3b0c);
    const uint8_t *at = data;
    uint64_t state = ~crc;

    for (; size >= 3 * LARGE_STREAM; size -= 3 * LARGE_STREAM, at += 3 * LARGE_STREAM)
        state = x86_three_streams(state, at, LARGE_STREAM, large_keys);
    for (; size >= 3 * SMALL_STREAM; size -= 3 * SMALL_STREAM, at += 3 * SMALL_STREAM)
        state = x86_three_streams(state, at, SMALL_STREAM, small_keys);
    return ~(uint32_t)x86_one_stream(state, at, size);
}

#endif

#if HAS_ARM_FORM

/* The instructions' names in arm_acle.h are only there when the whole file is compiled for them. */
#if defined(__clang__)
#define ARM_CRC_TARGET          __attribute__((target("crc")))
#define ARM_CRC_WORD(crc, word) __builtin_arm_crc32cd(crc, word)
#define ARM_CRC_BYTE(crc, byte) __builtin_arm_crc32cb(crc, byte)
#else
#define ARM_CRC_TARGET          __attribute__((target("+crc")))
#define ARM_CRC_WORD(crc, word) __builtin_aarch64_crc32cx(crc, word)
#define ARM_CRC_BYTE(crc, byte) __builtin_aarch64_crc32cb(crc, byte)
#endif

ARM_CRC_TARGET static uint32_t by_arm(uint32_t crc, const void *data, size_t size)
{
    const uint8_t *at = data;
    crc = ~crc;
    for (; size >= 8; size -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, sizeof(word));
        crc = ARM_CRC_WORD(crc, word);
    }
    while (size--)
        crc = ARM_CRC_BYTE(crc, *at++);
    return ~crc;
}

static int arm_has_crc(void)
{
#if defined(__ARM_FEATURE_CRC32) || defined(__APPLE__)
    return 1;
#elif defined(__linux__)
    return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
#else
    return 0;
#endif
}

#endif

size_t rk_crc32c_forms(struct rk_crc32c_form *forms, size_t capacity)
{
    size_t count = 0;
#if HAS_X86_FORMS
    __builtin_cpu_init();
    if (count < capacity && __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul"))
        forms[count++] = (struct rk_crc32c_form){"sse4.2, three streams", by_three_streams};
    if (count < capacity && __builtin_cpu_supports("sse4.2"))
        forms[count++] = (struct rk_crc32c_form){"sse4.2", by_sse42};
#endif
#if HAS_ARM_FORM
    if (count < capacity && arm_has_crc())
        forms[count++] = (struct rk_crc32c_form){"armv8", by_arm};
#endif
    if (count < capacity)
        forms[count++] = (struct rk_crc32c_form){"tables", by_tables};
    return count;
}

static uint32_t choose(uint32_t crc, const void *data, size_t size);

/* Relaxed: whoever reads the old value chooses the same again. */
static uint32_t (*_Atomic chosen)(uint32_t, const void *, size_t) = choose;

static uint32_t choose(uint32_t crc, const void *data, size_t size)
{
    struct rk_crc32c_form best;
    rk_crc32c_forms(&best, 1);
    atomic_store_explicit(&chosen, best.compute, memory_order_relaxed);
    return best.compute(crc, data, size);
}

uint32_t rk_crc32c(uint32_t crc, const void *data, size_t size)
{
    return atomic_load_explicit(&chosen, memory_order_relaxed)(crc, data, size);
}
