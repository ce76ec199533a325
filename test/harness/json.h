/* SPDX-License-Identifier: MIT
 *
 * A small reader of JSON files for test data: the whole file becomes a tree (RFC 8259).
 *
 * Strings are bytes with a length: an escape \u0000 to \u00FF becomes one byte when all the file's
 * strings are wanted as bytes, else every \u becomes UTF-8.  Numbers are kept as their text.
 */
#ifndef WEIR_TEST_HARNESS_JSON_H
#define WEIR_TEST_HARNESS_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/base/bytes.h>

typedef enum json_kind {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
} json_kind;

typedef struct json {
    json_kind kind;
    weir_bytes text;   /* of a string, decoded, or of a number */
    weir_bytes name;   /* within an object */
    struct json *item; /* first of an array or object; NULL: empty */
    struct json *next; /* sibling */
} json;

/* Reads a file.  `latin1`: code points up to U+00FF become single bytes, for files that hold bytes
 * as such code points, plain or escaped.
 *
 * Returns the tree, to be freed by json_free; NULL when the file cannot be read or is not JSON. */
json *json_read(const char *path, bool latin1);

/* The same from memory. */
json *json_parse(weir_bytes text, bool latin1);

void json_free(json *tree);

/* The member of an object; NULL when there is none or `object` is NULL or no object. */
const json *json_get(const json *object, const char *name);

/* The element of an array; NULL when it is too short or `array` is NULL or no array. */
const json *json_at(const json *array, size_t index);

/* How many elements or members. */
size_t json_count(const json *tree);

/* The text of a string; the empty view for NULL and other kinds. */
weir_bytes json_text(const json *value);

/* Whether the value is that string. */
bool json_is(const json *value, const char *text);

#endif
