/* SPDX-License-Identifier: MIT
 *
 * Is every response head read safely, and the same however it is split?  See http_head.h.
 */
#include "test/fuzz/http_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return head_fuzz(data, size, true);
}
