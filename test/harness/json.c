/* SPDX-License-Identifier: MIT
 *
 * The reader of JSON files: recursive descent, decoded strings in place of their text.
 */
#include "test/harness/json.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct reader {
    const char *at, *end;
    bool latin1;
    int depth;
} reader;

static json *read_value(reader *r);

static void skip_blanks(reader *r)
{
    while (r->at < r->end && strchr(" \t\r\n", *r->at) && *r->at) r->at++;
}

static bool take(reader *r, char c)
{
    skip_blanks(r);
    if (r->at == r->end || *r->at != c) return false;
    r->at++;
    return true;
}

static json *node(json_kind kind)
{
    json *value = calloc(1, sizeof *value);
    if (value) value->kind = kind;
    return value;
}

static char *put_utf8(char *to, unsigned long point)
{
    if (point < 0x80) {
        *to++ = (char)point;
    } else if (point < 0x800) {
        *to++ = (char)(0xC0 | point >> 6);
        *to++ = (char)(0x80 | (point & 63));
    } else if (point < 0x10000) {
        *to++ = (char)(0xE0 | point >> 12);
        *to++ = (char)(0x80 | (point >> 6 & 63));
        *to++ = (char)(0x80 | (point & 63));
    } else {
        *to++ = (char)(0xF0 | point >> 18);
        *to++ = (char)(0x80 | (point >> 12 & 63));
        *to++ = (char)(0x80 | (point >> 6 & 63));
        *to++ = (char)(0x80 | (point & 63));
    }
    return to;
}

static bool read_hex4(reader *r, unsigned long *point)
{
    char digits[5] = {0};
    if (r->end - r->at < 4) return false;
    memcpy(digits, r->at, 4);
    if (strspn(digits, "0123456789abcdefABCDEF") != 4) return false;
    *point = strtoul(digits, NULL, 16);
    r->at += 4;
    return true;
}

static bool read_escape(reader *r, char **to)
{
    static const char from[] = "\"\\/bfnrt";
    static const char bytes[] = "\"\\/\b\f\n\r\t";
    if (r->at == r->end) return false;
    char c = *r->at++;
    const char *known = c ? strchr(from, c) : NULL;
    if (known) {
        *(*to)++ = bytes[known - from];
        return true;
    }
    unsigned long point, low;
    if (c != 'u' || !read_hex4(r, &point)) return false;
    if (point >= 0xD800 && point < 0xDC00 && r->end - r->at >= 6 && r->at[0] == '\\' &&
        r->at[1] == 'u') {
        r->at += 2;
        if (!read_hex4(r, &low)) return false;
        point = 0x10000 + ((point & 0x3FF) << 10) + (low & 0x3FF);
    }
    if (r->latin1 && point < 0x100)
        *(*to)++ = (char)point;
    else
        *to = put_utf8(*to, point);
    return true;
}

/* After the opening quote.  The decoded text is never longer than the written one. */
static bool read_string(reader *r, weir_bytes *text)
{
    char *bytes = malloc((size_t)(r->end - r->at) + 1);
    char *to = bytes;
    while (to && r->at < r->end && *r->at != '"') {
        char c = *r->at++;
        if (c == '\\') {
            if (!read_escape(r, &to)) break;
        } else if (r->latin1 && ((unsigned char)c & 0xFC) == 0xC0 && r->at < r->end) {
            *to++ = (char)((unsigned char)c << 6 | (*r->at++ & 63));
        } else {
            *to++ = c;
        }
    }
    if (!to || !take(r, '"')) {
        free(bytes);
        return false;
    }
    size_t len = (size_t)(to - bytes);
    char *exact = realloc(bytes, len + 1);
    *text = weir_bytes_of(exact ? exact : bytes, len);
    return true;
}

static json *read_list(reader *r, json_kind kind, char close)
{
    json *list = node(kind);
    json **link = list ? &list->item : NULL;
    if (!list || take(r, close)) return list;
    do {
        weir_bytes name = {NULL, 0};
        if (kind == JSON_OBJECT && (!take(r, '"') || !read_string(r, &name) || !take(r, ':')))
            break;
        *link = read_value(r);
        if (!*link) {
            free((void *)name.data);
            break;
        }
        (*link)->name = name;
        link = &(*link)->next;
        if (take(r, close)) return list;
    } while (take(r, ','));
    json_free(list);
    return NULL;
}

static json *read_word(reader *r)
{
    static const struct {
        const char *text;
        json_kind kind;
    } words[] = {{"null", JSON_NULL}, {"true", JSON_TRUE}, {"false", JSON_FALSE}};
    for (size_t i = 0; i < 3; i++) {
        size_t len = strlen(words[i].text);
        if ((size_t)(r->end - r->at) >= len && memcmp(r->at, words[i].text, len) == 0) {
            r->at += len;
            return node(words[i].kind);
        }
    }
    const char *start = r->at;
    while (r->at < r->end && *r->at && strchr("+-.0123456789eE", *r->at)) r->at++;
    size_t len = (size_t)(r->at - start);
    json *number = len > 0 ? node(JSON_NUMBER) : NULL;
    char *text = number ? malloc(len) : NULL;
    if (!text) {
        free(number);
        return NULL;
    }
    memcpy(text, start, len);
    number->text = weir_bytes_of(text, len);
    return number;
}

static json *read_value(reader *r)
{
    skip_blanks(r);
    if (r->at == r->end || r->depth > 100) return NULL;
    r->depth++;
    json *value = NULL;
    if (take(r, '{')) {
        value = read_list(r, JSON_OBJECT, '}');
    } else if (take(r, '[')) {
        value = read_list(r, JSON_ARRAY, ']');
    } else if (take(r, '"')) {
        weir_bytes text;
        if (read_string(r, &text) && (value = node(JSON_STRING))) value->text = text;
    } else {
        value = read_word(r);
    }
    r->depth--;
    return value;
}

json *json_parse(weir_bytes text, bool latin1)
{
    reader r = {text.data, text.data + text.len, latin1, 0};
    json *tree = read_value(&r);
    skip_blanks(&r);
    if (tree && r.at != r.end) {
        json_free(tree);
        return NULL;
    }
    return tree;
}

json *json_read(const char *path, bool latin1)
{
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    json *tree = NULL;
    if (fseek(file, 0, SEEK_END) == 0) {
        long size = ftell(file);
        char *text = size >= 0 ? malloc((size_t)size + 1) : NULL;
        rewind(file);
        if (text && fread(text, 1, (size_t)size, file) == (size_t)size)
            tree = json_parse(weir_bytes_of(text, (size_t)size), latin1);
        free(text);
    }
    fclose(file);
    return tree;
}

void json_free(json *tree)
{
    while (tree) {
        json *next = tree->next;
        json_free(tree->item);
        free((void *)tree->text.data);
        free((void *)tree->name.data);
        free(tree);
        tree = next;
    }
}

const json *json_get(const json *object, const char *name)
{
    if (!object || object->kind != JSON_OBJECT) return NULL;
    const json *member = object->item;
    while (member && !weir_bytes_equal(member->name, weir_bytes_text(name))) member = member->next;
    return member;
}

const json *json_at(const json *array, size_t index)
{
    if (!array || array->kind != JSON_ARRAY) return NULL;
    const json *item = array->item;
    for (; item && index > 0; index--) item = item->next;
    return item;
}

size_t json_count(const json *tree)
{
    size_t count = 0;
    for (const json *item = tree ? tree->item : NULL; item; item = item->next) count++;
    return count;
}

weir_bytes json_text(const json *value)
{
    if (!value || value->kind != JSON_STRING) return weir_bytes_of("", 0);
    return value->text;
}

bool json_is(const json *value, const char *text)
{
    return value && value->kind == JSON_STRING &&
           weir_bytes_equal(value->text, weir_bytes_text(text));
}
