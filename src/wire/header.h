/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames and their headers, from the client's and from the broker's side. Pure functions.
 *
 * A frame is its size in 32 bits, a header, and the message's body. rk_request_encode and
 * rk_answer_encode write whole frames; decoding starts behind the size, which whoever reads the
 * socket has used up.
 */
#ifndef RK_WIRE_HEADER_H
#define RK_WIRE_HEADER_H

#include "wire/api.h"
#include "wire/codec.h"

#define RK_FRAME_PREFIX_SIZE 4

struct rk_request_header {
    int16_t api_key;
    int16_t api_version;
    int32_t correlation_id;
    const char *client_id; /* NULL: none. */
};

/* The size of a frame is known at its end. */
struct rk_frame {
    size_t prefix_at; /* Among the writer's own bytes. */
    size_t start;     /* Of what the size counts, among all bytes. */
};

struct rk_frame rk_frame_begin(struct rk_writer *writer);
/* Fills in the size; a frame of 2 GiB or more fails the writer. */
void rk_frame_end(struct rk_writer *writer, struct rk_frame frame);

/*
 * A whole request frame behind what the writer holds. `version` is one the schema has. On failure
 * the writer must be reset.
 */
enum rk_codec_result rk_request_encode(const struct rk_api *api, int16_t version,
                                       int32_t correlation_id, const char *client_id,
                                       const void *request, struct rk_writer *writer);
/* The same for an answer. */
enum rk_codec_result rk_answer_encode(const struct rk_api *api, int16_t version,
                                      int32_t correlation_id, const void *answer,
                                      struct rk_writer *writer);

/*
 * Reads a request's header; the client id goes into the arena. Returns the API, or NULL when there
 * is no schema for the key (which is all that can be known then), or when the reader failed. The
 * version may be any: check it before decoding the body.
 */
const struct rk_api *rk_request_header_decode(struct rk_reader *reader, struct rk_arena *arena,
                                              struct rk_request_header *header);

/* An answer begins with the request's correlation id, whichever request it was; */
int32_t rk_answer_header_decode_correlation(struct rk_reader *reader);
/* once the request is found by it, the rest of the header is known. */
void rk_answer_header_decode_rest(struct rk_reader *reader, const struct rk_api *api,
                                  int16_t version);

#endif
