/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/header.h"

struct rk_frame rk_frame_begin(struct rk_writer *writer)
{
    struct rk_frame frame = {.prefix_at = writer->size};
    rk_writer_put_int32(writer, 0);
    frame.start = rk_writer_total(writer);
    return frame;
}

void rk_frame_end(struct rk_writer *writer, struct rk_frame frame)
{
    size_t size = rk_writer_total(writer) - frame.start;
    if (size > INT32_MAX)
        rk_writer_fail(writer, "a frame of 2 GiB or more");
    if (!writer->failed)
        rk_store_be32(writer->data + frame.prefix_at, (int32_t)size);
}

static enum rk_codec_result encode_body(const struct rk_schema *schema, int16_t version,
                                        const void *message, struct rk_writer *writer,
                                        struct rk_frame frame)
{
    enum rk_codec_result result = rk_codec_encode(schema, version, message, writer);
    if (result != RK_CODEC_OK)
        return result;
    rk_frame_end(writer, frame);
    return writer->failed ? RK_CODEC_INVALID : RK_CODEC_OK;
}

enum rk_codec_result rk_request_encode(const struct rk_api *api, int16_t version,
                                       int32_t correlation_id, const char *client_id,
                                       const void *request, struct rk_writer *writer)
{
    struct rk_frame frame = rk_frame_begin(writer);
    rk_writer_put_int16(writer, api->key);
    rk_writer_put_int16(writer, version);
    rk_writer_put_int32(writer, correlation_id);
    rk_writer_put_text(writer, false, client_id); /* Never compact. */
    if (rk_api_request_header_version(api, version) >= 2)
        rk_writer_put_uvarint(writer, 0);
    return encode_body(api->request, version, request, writer, frame);
}

enum rk_codec_result rk_answer_encode(const struct rk_api *api, int16_t version,
                                      int32_t correlation_id, const void *answer,
                                      struct rk_writer *writer)
{
    struct rk_frame frame = rk_frame_begin(writer);
    rk_writer_put_int32(writer, correlation_id);
    if (rk_api_answer_header_version(api, version) >= 1)
        rk_writer_put_uvarint(writer, 0);
    return encode_body(api->answer, version, answer, writer, frame);
}

const struct rk_api *rk_request_header_decode(struct rk_reader *reader, struct rk_arena *arena,
                                              struct rk_request_header *header)
{
    header->api_key = rk_reader_get_int16(reader);
    header->api_version = rk_reader_get_int16(reader);
    header->correlation_id = rk_reader_get_int32(reader);
    header->client_id = NULL;
    const struct rk_api *api = rk_api_find(header->api_key);
    if (!api || reader->failed)
        return NULL;
    header->client_id = rk_reader_get_text(reader, false, true, arena);
    if (rk_api_request_header_version(api, header->api_version) >= 2)
        rk_reader_skip_tags(reader);
    return reader->failed ? NULL : api;
}

int32_t rk_answer_header_decode_correlation(struct rk_reader *reader)
{
    return rk_reader_get_int32(reader);
}

void rk_answer_header_decode_rest(struct rk_reader *reader, const struct rk_api *api,
                                  int16_t version)
{
    if (rk_api_answer_header_version(api, version) >= 1)
        rk_reader_skip_tags(reader);
}
