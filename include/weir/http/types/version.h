/* SPDX-License-Identifier: MIT
 *
 * The HTTP versions that the text protocol speaks (RFC 9112 2.3).
 *
 *     HTTP-version = "HTTP/" DIGIT "." DIGIT          letters count by case
 */
#ifndef WEIR_HTTP_TYPES_VERSION_H
#define WEIR_HTTP_TYPES_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

/* The value is the minor version, so that versions compare in their order. */
typedef enum weir_http_version {
    WEIR_HTTP_1_0 = 0,
    WEIR_HTTP_1_1 = 1,
} weir_http_version;

/* The text of a version, "HTTP/1.1".  Returns a static string, never NULL.  Pure. */
static inline const char *weir_http_version_text(weir_http_version version)
{
    return version == WEIR_HTTP_1_0 ? "HTTP/1.0" : "HTTP/1.1";
}

#ifdef __cplusplus
}
#endif
#endif
