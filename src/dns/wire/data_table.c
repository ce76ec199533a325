/* SPDX-License-Identifier: MIT
 *
 * The types whose data is known: each a list of fields, read from its RFC.
 */
#include "dns/wire/data.h"

#define AT(member) (uint16_t) offsetof(weir_dns_data, as.member)
#define U8(member)                            \
    {                                         \
        DNS_U8, DNS_LOOK_PLAIN, 0, AT(member) \
    }
#define U16(member)                            \
    {                                          \
        DNS_U16, DNS_LOOK_PLAIN, 0, AT(member) \
    }
#define U32(member)                            \
    {                                          \
        DNS_U32, DNS_LOOK_PLAIN, 0, AT(member) \
    }
#define NAME(member)                            \
    {                                           \
        DNS_NAME, DNS_LOOK_PLAIN, 0, AT(member) \
    }
#define STRING(member, look, rule)                               \
    {                                                            \
        DNS_STRING, DNS_LOOK_##look, DNS_RULE_##rule, AT(member) \
    }
#define REST(member, look, rule)                               \
    {                                                          \
        DNS_REST, DNS_LOOK_##look, DNS_RULE_##rule, AT(member) \
    }
#define LIST(name, ...) static const dns_field name[] = {__VA_ARGS__, {DNS_END, 0, 0, 0}}

/* RFC 1035 3.3 and 3.4, RFC 3596 2.2 */
LIST(a_fields, {DNS_OCTETS4, DNS_LOOK_PLAIN, 0, AT(a)});
LIST(aaaa_fields, {DNS_OCTETS16, DNS_LOOK_PLAIN, 0, AT(aaaa)});
LIST(name_fields, NAME(name));
LIST(soa_fields, NAME(soa.primary), NAME(soa.mailbox), U32(soa.serial), U32(soa.refresh),
     U32(soa.retry), U32(soa.expire), U32(soa.minimum));
LIST(hinfo_fields, STRING(hinfo.cpu, QUOTED, ANY), STRING(hinfo.os, QUOTED, ANY));
LIST(mx_fields, U16(mx.preference), NAME(mx.exchange));
LIST(txt_fields, REST(txt, STRINGS, STRINGS));
/* RFC 1183 2.2, RFC 1035 3.3.7; RFC 2163 4 */
LIST(rp_fields, NAME(rp.mailbox), NAME(rp.other));
LIST(px_fields, U16(px.preference), NAME(px.map822), NAME(px.mapx400));
/* RFC 2782, RFC 3403 4.1, RFC 7553 4.4 */
LIST(srv_fields, U16(srv.priority), U16(srv.weight), U16(srv.port), NAME(srv.target));
LIST(naptr_fields, U16(naptr.order), U16(naptr.preference), STRING(naptr.flags, QUOTED, ANY),
     STRING(naptr.services, QUOTED, ANY), STRING(naptr.regexp, QUOTED, ANY),
     NAME(naptr.replacement));
LIST(uri_fields, U16(uri.priority), U16(uri.weight), REST(uri.target, QUOTED, SOME));
/* RFC 4034 2.1, 3.1, 4.1, 5.1; RFC 2535 3.1 (a KEY may be none) and 5.2 */
LIST(dnskey_fields, U16(dnskey.flags), U8(dnskey.protocol), U8(dnskey.algorithm),
     REST(dnskey.key, BASE64, SOME));
LIST(key_fields, U16(dnskey.flags), U8(dnskey.protocol), U8(dnskey.algorithm),
     REST(dnskey.key, BASE64, ANY));
LIST(rrsig_fields, {DNS_U16, DNS_LOOK_TYPE, 0, AT(rrsig.covered)}, U8(rrsig.algorithm),
     U8(rrsig.labels), U32(rrsig.original_ttl), {DNS_U32, DNS_LOOK_TIME, 0, AT(rrsig.expiration)},
     {DNS_U32, DNS_LOOK_TIME, 0, AT(rrsig.inception)}, U16(rrsig.key_tag), NAME(rrsig.signer),
     REST(rrsig.signature, BASE64, SOME));
LIST(nsec_fields, NAME(nsec.next), REST(nsec.types, TYPES, TYPES));
LIST(nxt_fields, NAME(nsec.next), REST(nsec.types, BITS, SOME));
LIST(ds_fields, U16(ds.key_tag), U8(ds.algorithm), U8(ds.digest_type), REST(ds.digest, HEX, SOME));
/* RFC 5155 3.2, 4.2 */
LIST(nsec3_fields, U8(nsec3.algorithm), U8(nsec3.flags), U16(nsec3.iterations),
     STRING(nsec3.salt, SALT, ANY), STRING(nsec3.next, BASE32, SOME),
     REST(nsec3.types, TYPES, NO_TYPES));
LIST(nsec3param_fields, U8(nsec3.algorithm), U8(nsec3.flags), U16(nsec3.iterations),
     STRING(nsec3.salt, SALT, ANY));
/* RFC 4255 3.1, RFC 6698 2.1, RFC 7929 2.2, RFC 8659 4.1, RFC 9460 2.2 */
LIST(sshfp_fields, U8(sshfp.algorithm), U8(sshfp.hash), REST(sshfp.fingerprint, HEX, SOME));
LIST(tlsa_fields, U8(tlsa.usage), U8(tlsa.selector), U8(tlsa.matching), REST(tlsa.data, HEX, SOME));
LIST(openpgpkey_fields, REST(raw, BASE64, SOME));
LIST(caa_fields, U8(caa.flags), STRING(caa.tag, BARE, WORD), REST(caa.value, QUOTED, ANY));
LIST(svcb_fields, U16(svcb.priority), NAME(svcb.target), REST(svcb.parameters, PARAMETERS, ANY));

static const dns_shape shapes[] = {
    [WEIR_DNS_A] = {a_fields, NULL, 0},
    [WEIR_DNS_NS] = {name_fields, NULL, DNS_COMPRESS_BOTH},
    [WEIR_DNS_MD] = {name_fields, NULL, DNS_COMPRESS_BOTH},
    [WEIR_DNS_MF] = {name_fields, NULL, DNS_COMPRESS_BOTH},
    [WEIR_DNS_CNAME] = {name_fields, NULL, DNS_COMPRESS_BOTH},
    [WEIR_DNS_SOA] = {soa_fields, NULL, DNS_COMPRESS_BOTH},
    [WEIR_DNS_MB] = {name_fields, NULL, DNS_COMPRESS_BOTH},
    [WEIR_DNS_MG] = {name_fields, NULL, DNS_COMPRESS_BOTH},
    [WEIR_DNS_MR] = {name_fields, NULL, DNS_COMPRESS_BOTH},
    [WEIR_DNS_PTR] = {name_fields, NULL, DNS_COMPRESS_BOTH},
    [WEIR_DNS_HINFO] = {hinfo_fields, NULL, 0},
    [WEIR_DNS_MINFO] = {rp_fields, NULL, DNS_COMPRESS_BOTH},
    [WEIR_DNS_MX] = {mx_fields, NULL, DNS_COMPRESS_BOTH},
    [WEIR_DNS_TXT] = {txt_fields, NULL, 0},
    [WEIR_DNS_RP] = {rp_fields, NULL, DNS_COMPRESS_READ},
    [WEIR_DNS_AFSDB] = {mx_fields, NULL, DNS_COMPRESS_READ},
    [WEIR_DNS_RT] = {mx_fields, NULL, DNS_COMPRESS_READ},
    [WEIR_DNS_SIG] = {rrsig_fields, NULL, DNS_COMPRESS_READ},
    [WEIR_DNS_KEY] = {key_fields, NULL, 0},
    [WEIR_DNS_PX] = {px_fields, NULL, DNS_COMPRESS_READ},
    [WEIR_DNS_AAAA] = {aaaa_fields, NULL, 0},
    [WEIR_DNS_NXT] = {nxt_fields, NULL, DNS_COMPRESS_READ},
    [WEIR_DNS_SRV] = {srv_fields, NULL, DNS_COMPRESS_READ},
    [WEIR_DNS_NAPTR] = {naptr_fields, NULL, DNS_COMPRESS_READ},
    [WEIR_DNS_KX] = {mx_fields, NULL, DNS_COMPRESS_NEVER},
    [WEIR_DNS_DNAME] = {name_fields, NULL, DNS_COMPRESS_NEVER},
    [WEIR_DNS_DS] = {ds_fields, NULL, 0},
    [WEIR_DNS_SSHFP] = {sshfp_fields, NULL, 0},
    [WEIR_DNS_RRSIG] = {rrsig_fields, NULL, DNS_COMPRESS_NEVER},
    [WEIR_DNS_NSEC] = {nsec_fields, NULL, DNS_COMPRESS_NEVER},
    [WEIR_DNS_DNSKEY] = {dnskey_fields, NULL, 0},
    [WEIR_DNS_NSEC3] = {nsec3_fields, NULL, 0},
    [WEIR_DNS_NSEC3PARAM] = {nsec3param_fields, NULL, 0},
    [WEIR_DNS_TLSA] = {tlsa_fields, NULL, 0},
    [WEIR_DNS_SMIMEA] = {tlsa_fields, NULL, 0},
    [WEIR_DNS_CDS] = {ds_fields, NULL, 0},
    [WEIR_DNS_CDNSKEY] = {dnskey_fields, NULL, 0},
    [WEIR_DNS_OPENPGPKEY] = {openpgpkey_fields, NULL, 0},
    [WEIR_DNS_SVCB] = {svcb_fields, dns_svcb_check, DNS_COMPRESS_NEVER},
    [WEIR_DNS_HTTPS] = {svcb_fields, dns_svcb_check, DNS_COMPRESS_NEVER},
    [WEIR_DNS_SPF] = {txt_fields, NULL, 0},
};
static const dns_shape uri = {uri_fields, NULL, 0};
static const dns_shape caa = {caa_fields, NULL, 0};
static const dns_shape dlv = {ds_fields, NULL, 0};
static const dns_shape unknown = {NULL, NULL, 0};

const dns_shape *dns_shape_of(uint16_t type)
{
    if (type < sizeof shapes / sizeof shapes[0]) return &shapes[type];
    switch (type) {
    case WEIR_DNS_URI: return &uri;
    case WEIR_DNS_CAA: return &caa;
    case 32769: return &dlv; /* RFC 4431 */
    default: return &unknown;
    }
}

bool weir_dns_type_known(uint16_t type)
{
    return dns_shape_of(type)->fields != NULL;
}
