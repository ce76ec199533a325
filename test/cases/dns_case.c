/* SPDX-License-Identifier: MIT
 *
 * The syntax of DNS cases: a message as hexadecimal digits, texts and repetitions.
 */
#include "test/cases/dns_case.h"

enum { OCTETS_MAX = 70000 };

static bool is_line(weir_bytes line, const char *text)
{
    return weir_bytes_equal(line, weir_bytes_text(text));
}

static const char *open_message(case_record *record, weir_bytes line)
{
    dns_case *c = (dns_case *)record;
    c->data = is_line(line, "message data");
    return c->data || is_line(line, "message") ? NULL : "the first block is not message";
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Pairs of hexadecimal digits. */
static const char *add_hex(case_text *out, weir_bytes word)
{
    if (word.len == 0 || word.len % 2) return "an odd number of digits";
    for (size_t i = 0; i < word.len; i += 2) {
        const int high = hex_digit(word.data[i]), low = hex_digit(word.data[i + 1]);
        if (high < 0 || low < 0) return "neither digits, a text nor N*digits";
        case_text_add(out, (const char[]){(char)(high << 4 | low)}, 1);
    }
    return NULL;
}

/* Digits, or N*digits. */
static const char *add_word(case_text *out, weir_bytes word)
{
    size_t at = 0, times = 0;
    while (at < word.len && at < 5 && word.data[at] >= '0' && word.data[at] <= '9')
        times = times * 10 + (size_t)(word.data[at++] - '0');
    if (at == 0 || at == word.len || word.data[at] != '*') return add_hex(out, word);
    word = weir_bytes_of(word.data + at + 1, word.len - at - 1);
    while (times-- > 0) {
        const char *wrong = out->len > OCTETS_MAX ? "too long" : add_hex(out, word);
        if (wrong) return wrong;
    }
    return NULL;
}

/* A line of the block: words between spaces, "text" as it is, a comment behind "#". */
static const char *add_message(case_record *record, weir_bytes line)
{
    case_text *out = &record->input;
    const char *at = line.data, *const end = line.data + line.len;
    while (at < end && *at != '#') {
        if (*at == ' ') {
            at++;
        } else if (*at == '"') {
            const char *close = memchr(at + 1, '"', (size_t)(end - at) - 1);
            if (!close) return "a text without its end";
            case_text_add(out, at + 1, (size_t)(close - at) - 1);
            at = close + 1;
        } else {
            const char *stop = at;
            while (stop < end && *stop != ' ' && *stop != '"' && *stop != '#') stop++;
            const char *wrong = add_word(out, weir_bytes_of(at, (size_t)(stop - at)));
            if (wrong) return wrong;
            at = stop;
        }
    }
    return NULL;
}

static const char *add_event(case_record *record, weir_bytes line)
{
    if (line.len == 0 || line.data[line.len - 1] == ' ') return "an empty event, or space after it";
    case_text_add(&record->events, line.data, line.len);
    case_text_end_line(&record->events);
    return NULL;
}

const case_syntax dns_case_syntax = {sizeof(dns_case), open_message, add_message, add_event};
