/* SPDX-License-Identifier: Apache-2.0 */
#include "optional.h"

#include <dlfcn.h>
#include <string.h>

static bool find_all(void *library, const struct optional_function *functions, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        void *address = dlsym(library, functions[i].name);
        if (!address) {
            return false;
        }
        memcpy(functions[i].pointer, &address, sizeof address);
    }
    return true;
}

bool optional_load(const char *const *names, const struct optional_function *functions, size_t n)
{
    for (; *names; names++) {
        void *library = dlopen(*names, RTLD_NOW | RTLD_LOCAL);
        if (library && find_all(library, functions, n)) {
            return true; /* and stays */
        }
        if (library) {
            dlclose(library);
        }
    }
    return false;
}
