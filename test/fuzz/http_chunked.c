/* SPDX-License-Identifier: MIT
 *
 * Is every chunked body read safely, and the same however it is split?  See http_body.h.
 *
 *     input = flags piece bytes...        keep trailers, tight limits; length of the pieces; body
 */
#include "test/fuzz/http_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    weir_http_options options = WEIR_HTTP_OPTIONS_DEFAULT;
    if (data[0] & 2) {
        options.body = 50;
        options.chunk_extension = 8;
        options.chunk_extensions = 20;
        options.trailer_section = 30;
        options.trailers = 3;
    }
    bytes_lent in = bytes_lend(data + 2, size - 2);
    const body_way way = {&options, data[1] ? data[1] : 1, data[0] & 1};
    body_run run;
    body_read(&run, &way, &in);
    if (run.result == WEIR_HTTP_CHUNKED_END) body_rewrite(&run, &in);
    body_end(&run);
    bytes_return(&in);
    return 0;
}
