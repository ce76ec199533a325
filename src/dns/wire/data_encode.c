/* SPDX-License-Identifier: MIT
 *
 * Data written as octets, into a message or by itself, field by field, as the table of shapes says.
 * What reading would refuse is not written.
 */
#include <weir/base/error.h>

#include "dns/wire/data.h"

/* Where octets go: into a message, or, if `writer` is NULL, to `out`.  What does not fit is counted
 * all the same. */
typedef struct sink {
    weir_dns_writer *writer;
    weir_dns_writer_mark mark;
    uint8_t *out;
    size_t room, len;
} sink;

static void put(sink *to, const void *octets, size_t n)
{
    if (to->writer) {
        weir_dns_writer_octets(to->writer, &to->mark, weir_bytes_of(octets, n));
        return;
    }
    if (n > 0 && to->len <= to->room && n <= to->room - to->len)
        memcpy(to->out + to->len, octets, n);
    to->len += n;
}

static void put_number(sink *to, uint32_t value, size_t octets)
{
    const uint8_t wire[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                             (uint8_t)value};
    put(to, wire + 4 - octets, octets);
}

static void put_name(sink *to, const weir_dns_name *name, bool compress)
{
    if (to->writer)
        weir_dns_writer_name(to->writer, &to->mark, name, compress);
    else
        put(to, name->octets, name->len);
}

static void put_field(sink *to, const dns_field *field, const void *in, bool compress)
{
    const weir_bytes *octets = in;
    switch ((dns_wire)field->wire) {
    case DNS_U8: put(to, in, 1); break;
    case DNS_U16: put_number(to, *(const uint16_t *)in, 2); break;
    case DNS_U32: put_number(to, *(const uint32_t *)in, 4); break;
    case DNS_OCTETS4: put(to, in, 4); break;
    case DNS_OCTETS16: put(to, in, 16); break;
    case DNS_NAME: put_name(to, in, compress); break;
    case DNS_STRING:
        put_number(to, (uint32_t)octets->len, 1);
        put(to, octets->data, octets->len);
        break;
    case DNS_REST: put(to, octets->data, octets->len); break;
    case DNS_END: break;
    }
}

static bool encodable(const dns_field *field, const void *in)
{
    const weir_bytes *octets = in;
    switch ((dns_wire)field->wire) {
    case DNS_NAME: return ((const weir_dns_name *)in)->len > 0;
    case DNS_STRING: return octets->len <= 255 && dns_rule_holds(field->rule, *octets);
    case DNS_REST: return octets->len <= 65535 && dns_rule_holds(field->rule, *octets);
    default: return true;
    }
}

/* 0, or WEIR_EINVAL for data that has no encoding. */
static int check(const weir_dns_data *data, const dns_shape *shape)
{
    if (!shape->fields) return data->as.raw.len <= 65535 ? 0 : WEIR_EINVAL;
    for (const dns_field *f = shape->fields; f->wire != DNS_END; f++) {
        if (!encodable(f, dns_field_in(data, f))) return WEIR_EINVAL;
    }
    return !shape->check || shape->check(data) ? 0 : WEIR_EINVAL;
}

static void put_all(sink *to, const weir_dns_data *data, const dns_shape *shape)
{
    const bool compress = shape->compression == DNS_COMPRESS_BOTH;
    if (!shape->fields) {
        put(to, data->as.raw.data, data->as.raw.len);
        return;
    }
    for (const dns_field *f = shape->fields; f->wire != DNS_END; f++)
        put_field(to, f, dns_field_in(data, f), compress);
}

static int encode(const weir_dns_data *data, const dns_shape *shape, uint8_t *out, size_t room)
{
    sink to = {.out = out, .room = room};
    put_all(&to, data, shape);
    return to.len <= room && to.len <= 65535 ? (int)to.len : WEIR_EDNS_SPACE;
}

int weir_dns_data_encode(const weir_dns_data *data, uint8_t *out, size_t room)
{
    const dns_shape *shape = dns_shape_of(data->type);
    const int error = check(data, shape);
    return error < 0 ? error : encode(data, shape, out, room);
}

int weir_dns_record_flatten(const weir_dns_reader *reader, const weir_dns_record *record,
                            uint8_t *out, size_t room)
{
    weir_dns_data data;
    const int error = weir_dns_record_data(reader, record, &data);
    return error < 0 ? error : encode(&data, dns_shape_of(data.type), out, room);
}

int weir_dns_writer_data(weir_dns_writer *writer, weir_dns_section section,
                         const weir_dns_name *name, uint32_t ttl, const weir_dns_data *data)
{
    const dns_shape *shape = dns_shape_of(data->type);
    sink to = {.writer = writer};
    int error = check(data, shape);
    if (error < 0) return error;
    error =
        weir_dns_writer_begin(writer, section, name, data->type, WEIR_DNS_CLASS_IN, ttl, &to.mark);
    if (error < 0) return error;
    put_all(&to, data, shape);
    return weir_dns_writer_end(writer, &to.mark);
}
