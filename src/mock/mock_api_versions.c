/* SPDX-License-Identifier: BSD-2-Clause */
/* ApiVersions, at the broker: what is offered. */
#include "mock/mock_request.h"

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* KIP-511: letters and digits, with dots and dashes inside. */
static bool is_valid_software_text(const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || !is_alphanumeric(text[0]) || !is_alphanumeric(text[length - 1]))
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!is_alphanumeric(text[i]) && text[i] != '-' && text[i] != '.')
            return false;
    }
    return true;
}

enum rk_mock_outcome rk_mock_on_api_versions(struct rk_mock_request *request, const void *body,
                                             void *answer)
{
    const struct rk_api_versions_request *from = body;
    struct rk_api_versions_answer *to = answer;
    if (request->version >= 3 && (!is_valid_software_text(from->client_software_name) ||
                                  !is_valid_software_text(from->client_software_version))) {
        to->error_code = RD_KAFKA_RESP_ERR_INVALID_REQUEST;
        return RK_MOCK_ANSWER;
    }
    to->error_code = (int16_t)request->injected.err;
    to->api_keys.items = rk_api_versions_answer_api_key_try_new(request->arena, RK_API_COUNT);
    if (!to->api_keys.items)
        return rk_mock_request_no_memory(request);
    for (int16_t key = 0; key < RK_API_COUNT; key++) {
        const struct rk_mock_versions *versions = &request->cluster->own.versions[key];
        if (versions->max_version < 0)
            continue;
        struct rk_api_versions_answer_api_key *item = &to->api_keys.items[to->api_keys.count++];
        item->api_key = key;
        item->min_version = versions->min_version;
        item->max_version = versions->max_version;
    }
    if (request->injected.err != RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION)
        return RK_MOCK_ANSWER;
    rk_mock_request_answer(request, 0, to, rk_mock_answer_new(request->connection));
    return RK_MOCK_SILENT;
}
