/* SPDX-License-Identifier: MIT
 *
 * Names of types and of response codes, as the IANA registry and dig have them.
 */
#include <stdio.h>

#include <weir/base/error.h>
#include <weir/dns/wire/record.h>

typedef struct type_name {
    uint16_t type;
    char name[WEIR_DNS_TYPE_TEXT];
} type_name;

/* Ascending. */
static const type_name names[] = {
    {1, "A"},           {2, "NS"},       {3, "MD"},        {4, "MF"},         {5, "CNAME"},
    {6, "SOA"},         {7, "MB"},       {8, "MG"},        {9, "MR"},         {10, "NULL"},
    {11, "WKS"},        {12, "PTR"},     {13, "HINFO"},    {14, "MINFO"},     {15, "MX"},
    {16, "TXT"},        {17, "RP"},      {18, "AFSDB"},    {19, "X25"},       {20, "ISDN"},
    {21, "RT"},         {22, "NSAP"},    {23, "NSAP-PTR"}, {24, "SIG"},       {25, "KEY"},
    {26, "PX"},         {27, "GPOS"},    {28, "AAAA"},     {29, "LOC"},       {30, "NXT"},
    {31, "EID"},        {32, "NIMLOC"},  {33, "SRV"},      {34, "ATMA"},      {35, "NAPTR"},
    {36, "KX"},         {37, "CERT"},    {38, "A6"},       {39, "DNAME"},     {40, "SINK"},
    {41, "OPT"},        {42, "APL"},     {43, "DS"},       {44, "SSHFP"},     {45, "IPSECKEY"},
    {46, "RRSIG"},      {47, "NSEC"},    {48, "DNSKEY"},   {49, "DHCID"},     {50, "NSEC3"},
    {51, "NSEC3PARAM"}, {52, "TLSA"},    {53, "SMIMEA"},   {55, "HIP"},       {56, "NINFO"},
    {57, "RKEY"},       {58, "TALINK"},  {59, "CDS"},      {60, "CDNSKEY"},   {61, "OPENPGPKEY"},
    {62, "CSYNC"},      {63, "ZONEMD"},  {64, "SVCB"},     {65, "HTTPS"},     {66, "DSYNC"},
    {99, "SPF"},        {100, "UINFO"},  {101, "UID"},     {102, "GID"},      {103, "UNSPEC"},
    {104, "NID"},       {105, "L32"},    {106, "L64"},     {107, "LP"},       {108, "EUI48"},
    {109, "EUI64"},     {128, "NXNAME"}, {249, "TKEY"},    {250, "TSIG"},     {251, "IXFR"},
    {252, "AXFR"},      {253, "MAILB"},  {254, "MAILA"},   {255, "ANY"},      {256, "URI"},
    {257, "CAA"},       {258, "AVC"},    {259, "DOA"},     {260, "AMTRELAY"}, {261, "RESINFO"},
    {262, "WALLET"},    {263, "CLA"},    {264, "IPN"},     {32768, "TA"},     {32769, "DLV"},
};

enum { NAMES = sizeof names / sizeof names[0] };

size_t weir_dns_type_print(uint16_t type, char *out)
{
    size_t low = 0, high = NAMES;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (names[middle].type < type)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == NAMES || names[low].type != type)
        return (size_t)snprintf(out, WEIR_DNS_TYPE_TEXT, "TYPE%u", type);
    memcpy(out, names[low].name, WEIR_DNS_TYPE_TEXT);
    return strlen(out);
}

/* RFC 3597 5: "TYPE" and decimal digits. */
static int parse_number(weir_bytes text)
{
    unsigned value = 0;
    if (text.len < 5 || text.len > 9) return WEIR_EINVAL;
    if (!weir_bytes_equal_nocase(weir_bytes_of(text.data, 4), weir_bytes_text("TYPE")))
        return WEIR_EINVAL;
    for (size_t i = 4; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return WEIR_EINVAL;
        value = value * 10 + (unsigned)(text.data[i] - '0');
    }
    return value <= UINT16_MAX ? (int)value : WEIR_EINVAL;
}

int weir_dns_type_parse(weir_bytes text)
{
    for (size_t i = 0; i < NAMES; i++) {
        if (weir_bytes_equal_nocase(text, weir_bytes_text(names[i].name))) return names[i].type;
    }
    return parse_number(text);
}

const char *weir_dns_rcode_name(unsigned rcode)
{
    static const char *const rcodes[] = {
        [0] = "NOERROR",  [1] = "FORMERR",    [2] = "SERVFAIL", [3] = "NXDOMAIN",   [4] = "NOTIMP",
        [5] = "REFUSED",  [6] = "YXDOMAIN",   [7] = "YXRRSET",  [8] = "NXRRSET",    [9] = "NOTAUTH",
        [10] = "NOTZONE", [11] = "DSOTYPENI", [16] = "BADVERS", [23] = "BADCOOKIE",
    };
    return rcode < sizeof rcodes / sizeof rcodes[0] ? rcodes[rcode] : NULL;
}
