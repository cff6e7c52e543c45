/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

struct rk_library {
    void *handle;
};

static const char *reason(void)
{
    const char *text = dlerror();
    return text ? text : "unknown error";
}

struct rk_library *rk_library_open(const char *path, char *text, size_t size)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle && !strstr(path, ".so")) {
        char *longer = rk_text_format("%s.so", path);
        handle = dlopen(longer, RTLD_NOW | RTLD_LOCAL);
        rk_free(longer);
    }
    if (!handle) {
        rk_text_copy(text, size, reason());
        return NULL;
    }
    struct rk_library *library = RK_NEW(struct rk_library);
    library->handle = handle;
    return library;
}

void (*rk_library_find(const struct rk_library *library, const char *symbol, char *text,
                       size_t size))(void)
{
    void *address = dlsym(library->handle, symbol);
    void (*function)(void) = NULL;
    if (address)
        memcpy(&function, &address, sizeof(function)); /* C has no cast for it. */
    else
        rk_text_copy(text, size, reason());
    return function;
}

void rk_library_close(struct rk_library *library)
{
    if (!library)
        return;
    dlclose(library->handle);
    rk_free(library);
}
