/* SPDX-License-Identifier: MIT
 *
 * Writing heads and chunk framing.
 *
 * The bytes of known lines lie ready in tables of fixed width and are copied whole; what lies
 * beyond the written length in the caller's buffer is scratch.  Values are checked eight bytes at
 * a time while they are copied.
 */
#include <weir/http/wire/serializer.h>

#include <weir/base/error.h>
#include <weir/http/types/status.h>

#include "http/types/field_table.h"

#define LINE_WIDTH 64

typedef struct status_line {
    char text[LINE_WIDTH - 1]; /* with HTTP/1.1 */
    uint8_t len;
} status_line;

/* The place of each code in the table of lines; 0 is no line. */
enum {
    LINE_NONE,
#define X(code, name, reason) LINE_##code,
    WEIR_HTTP_STATUS_LIST(X)
#undef X
        LINES
};

static const status_line status_lines[LINES];
static const uint8_t status_index[512];
static const char digit_pairs[201];

static int refuse(weir_http_out *out, int error)
{
    if (out->error == 0) out->error = error;
    return out->error;
}

/* Copies a text whose check is that of a field value; false when it fails the check. */
static bool copy_value(char *to, const char *from, size_t len)
{
    while (len >= 8) {
        uint64_t word = weir_http_load8(from);
        memcpy(to, &word, 8);
        if (weir_http_mark_controls(word))
            for (int i = 0; i < 8; i++)
                if (!weir_http_is(from[i], WEIR_CHAR_VALUE)) return false;
        to += 8;
        from += 8;
        len -= 8;
    }
    for (; len > 0; len--, to++, from++) {
        if (!weir_http_is(*from, WEIR_CHAR_VALUE)) return false;
        *to = *from;
    }
    return true;
}

static bool is_all(weir_bytes text, unsigned classes)
{
    for (size_t i = 0; i < text.len; i++)
        if (!weir_http_is(text.data[i], classes)) return false;
    return text.len > 0;
}

/* Whether `len` more bytes fit; a length that no buffer has does not. */
static bool fits(const weir_http_out *out, size_t len)
{
    return len <= out->capacity - out->len;
}

static void put(weir_http_out *out, const char *text, size_t len)
{
    if (len > 0) memcpy(out->data + out->len, text, len);
    out->len += len;
}

int weir_http_out_status(weir_http_out *out, weir_http_version version, int code)
{
    if (out->error) return out->error;
    int index = code >= 100 && code < 612 ? status_index[code - 100] : 0;
    const status_line *line = &status_lines[index];
    if (line->len == 0)
        return weir_http_out_status_reason(out, version, code, weir_bytes_of("", 0));
    if (!fits(out, line->len)) return refuse(out, WEIR_EHTTP_SPACE);
    char *to = out->data + out->len;
    if (fits(out, LINE_WIDTH))
        memcpy(to, line, LINE_WIDTH);
    else
        memcpy(to, line->text, line->len);
    to[7] = (char)('0' + version);
    out->len += line->len;
    return 0;
}

int weir_http_out_status_reason(weir_http_out *out, weir_http_version version, int code,
                                weir_bytes reason)
{
    if (out->error) return out->error;
    if (code < 100 || code > 999) return refuse(out, WEIR_EINVAL);
    if (reason.len > out->capacity || !fits(out, 15 + reason.len))
        return refuse(out, WEIR_EHTTP_SPACE);
    char *to = out->data + out->len;
    if (!copy_value(to + 13, reason.data, reason.len)) return refuse(out, WEIR_EHTTP_INJECTION);
    memcpy(to, weir_http_version_text(version), 8);
    to[8] = to[12] = ' ';
    to[9] = (char)('0' + code / 100);
    memcpy(to + 10, digit_pairs + 2 * (code % 100), 2);
    memcpy(to + 13 + reason.len, "\r\n", 2);
    out->len += 15 + reason.len;
    return 0;
}

int weir_http_out_request(weir_http_out *out, weir_bytes method, weir_bytes target,
                          weir_http_version version)
{
    if (out->error) return out->error;
    if (!is_all(method, WEIR_CHAR_TOKEN) || !is_all(target, WEIR_CHAR_TARGET))
        return refuse(out, WEIR_EHTTP_INJECTION);
    if (method.len > out->capacity || target.len > out->capacity ||
        !fits(out, method.len + target.len + 12))
        return refuse(out, WEIR_EHTTP_SPACE);
    put(out, method.data, method.len);
    put(out, " ", 1);
    put(out, target.data, target.len);
    put(out, " ", 1);
    put(out, weir_http_version_text(version), 8);
    put(out, "\r\n", 2);
    return 0;
}

/* Writes "Name: " of a known field with room for `len` more and CRLF, without moving out->len.
 * Returns where the value goes; NULL with the error set. */
static char *begin_known(weir_http_out *out, weir_http_field_id id, size_t len)
{
    if (id <= WEIR_HTTP_FIELD_OTHER || id >= WEIR_HTTP_FIELD_IDS) {
        refuse(out, WEIR_EINVAL);
        return NULL;
    }
    const weir_http_field_entry *entry = &weir_http_field_table[id];
    size_t name = (size_t)entry->len + 2;
    if (len > out->capacity || !fits(out, name + len + 2)) {
        refuse(out, WEIR_EHTTP_SPACE);
        return NULL;
    }
    char *to = out->data + out->len;
    if (fits(out, sizeof *entry))
        memcpy(to, entry, sizeof *entry);
    else
        memcpy(to, entry->text, name);
    return to + name;
}

static void end_line(weir_http_out *out, char *at)
{
    memcpy(at, "\r\n", 2);
    out->len = (size_t)(at + 2 - out->data);
}

int weir_http_out_known(weir_http_out *out, weir_http_field_id id, weir_bytes value)
{
    if (out->error) return out->error;
    char *at = begin_known(out, id, value.len);
    if (!at) return out->error;
    if (!copy_value(at, value.data, value.len)) return refuse(out, WEIR_EHTTP_INJECTION);
    end_line(out, at + value.len);
    return 0;
}

/* Writes a number so that it ends before `end`; returns where it begins. */
static char *put_decimal(char *end, uint64_t value)
{
    while (value >= 100) {
        end -= 2;
        memcpy(end, digit_pairs + 2 * (value % 100), 2);
        value /= 100;
    }
    if (value >= 10) {
        end -= 2;
        memcpy(end, digit_pairs + 2 * value, 2);
    } else {
        *--end = (char)('0' + value);
    }
    return end;
}

int weir_http_out_number(weir_http_out *out, weir_http_field_id id, uint64_t value)
{
    if (out->error) return out->error;
    char digits[20];
    char *first = put_decimal(digits + sizeof digits, value);
    size_t len = (size_t)(digits + sizeof digits - first);
    char *at = begin_known(out, id, len);
    if (!at) return out->error;
    memcpy(at, first, len);
    end_line(out, at + len);
    return 0;
}

int weir_http_out_content(weir_http_out *out, weir_bytes type, uint64_t length)
{
    static const char before[] = "Content-Type: ", between[] = "\r\nContent-Length: ";
    enum { NUMBER = 20, REST = sizeof before + sizeof between + NUMBER + 4 };
    if (out->error) return out->error;
    if (type.len > out->capacity || !fits(out, type.len + REST))
        return refuse(out, WEIR_EHTTP_SPACE);
    char *to = out->data + out->len;
    memcpy(to, before, sizeof before - 1);
    to += sizeof before - 1;
    if (!copy_value(to, type.data, type.len)) return refuse(out, WEIR_EHTTP_INJECTION);
    to += type.len;
    memcpy(to, between, sizeof between - 1);
    to += sizeof between - 1;
    char digits[NUMBER];
    const char *first = put_decimal(digits + NUMBER, length);
    const size_t count = (size_t)(digits + NUMBER - first);
    for (size_t i = 0; i < count; i++) to[i] = first[i];
    memcpy(to + count, "\r\n\r\n", 4);
    out->len = (size_t)(to + count + 4 - out->data);
    return 0;
}

int weir_http_out_field(weir_http_out *out, weir_bytes name, weir_bytes value)
{
    if (out->error) return out->error;
    if (!is_all(name, WEIR_CHAR_TOKEN)) return refuse(out, WEIR_EHTTP_INJECTION);
    if (name.len > out->capacity || value.len > out->capacity ||
        !fits(out, name.len + value.len + 4))
        return refuse(out, WEIR_EHTTP_SPACE);
    char *to = out->data + out->len;
    if (!copy_value(to + name.len + 2, value.data, value.len))
        return refuse(out, WEIR_EHTTP_INJECTION);
    memcpy(to, name.data, name.len);
    memcpy(to + name.len, ": ", 2);
    end_line(out, to + name.len + 2 + value.len);
    return 0;
}

int weir_http_out_trailer(weir_http_out *out, weir_bytes name, weir_bytes value)
{
    if (out->error) return out->error;
    if (weir_http_field_is_forbidden_trailer(weir_http_field_id_parse(name)))
        return refuse(out, WEIR_EHTTP_TRAILER);
    return weir_http_out_field(out, name, value);
}

static int put_text(weir_http_out *out, const char *text, size_t len)
{
    if (out->error) return out->error;
    if (!fits(out, len)) return refuse(out, WEIR_EHTTP_SPACE);
    put(out, text, len);
    return 0;
}

int64_t weir_http_out_end(weir_http_out *out)
{
    int error = put_text(out, "\r\n", 2);
    return error ? error : (int64_t)out->len;
}

int weir_http_out_chunk(weir_http_out *out, uint64_t size)
{
    if (out->error) return out->error;
    if (size == 0) return refuse(out, WEIR_EINVAL);
    char line[WEIR_HTTP_CHUNK_LINE_MAX];
    size_t at = 16;
    for (; size > 0; size >>= 4) line[--at] = "0123456789abcdef"[size & 15];
    memcpy(line + 16, "\r\n", 2);
    return put_text(out, line + at, sizeof line - at);
}

int weir_http_out_chunk_end(weir_http_out *out)
{
    return put_text(out, "\r\n", 2);
}

int weir_http_out_last_chunk(weir_http_out *out)
{
    return put_text(out, "0\r\n", 3);
}

static const uint8_t status_index[512] = {
#define X(code, name, reason) [code - 100] = LINE_##code,
    WEIR_HTTP_STATUS_LIST(X)
#undef X
};

static const status_line status_lines[LINES] = {[LINE_NONE] = {"", 0},
#define X(code, name, reason)                             \
    [LINE_##code] = {"HTTP/1.1 " #code " " reason "\r\n", \
                     sizeof("HTTP/1.1 " #code " " reason "\r\n") - 1},
                                                WEIR_HTTP_STATUS_LIST(X)
#undef X
};

static const char digit_pairs[201] = "00010203040506070809101112131415161718192021222324"
                                     "25262728293031323334353637383940414243444546474849"
                                     "50515253545556575859606162636465666768697071727374"
                                     "75767778798081828384858687888990919293949596979899";
