/* SPDX-License-Identifier: MIT
 *
 * The filter on outgoing connects.
 */
#include <weir/net/policy.h>

#include <stdio.h>
#include <string.h>

#include <weir/base/error.h>

/* Where clouds answer about themselves.  Link-local and private ones are here as well, so that a
 * program that may talk to its own network still does not hand out its machine's credentials. */
static const struct {
    weir_prefix prefix;
    const char *cloud;
} metadata[] = {
    {{WEIR_ADDRESS_IPV4, 32, {169, 254, 169, 254}}, "EC2, Google, Azure, OpenStack and others"},
    {{WEIR_ADDRESS_IPV4, 32, {169, 254, 169, 253}}, "EC2 resolver"},
    {{WEIR_ADDRESS_IPV4, 32, {169, 254, 170, 2}}, "ECS task credentials"},
    {{WEIR_ADDRESS_IPV4, 32, {169, 254, 170, 23}}, "EKS pod credentials"},
    {{WEIR_ADDRESS_IPV4, 32, {169, 254, 42, 42}}, "Scaleway"},
    {{WEIR_ADDRESS_IPV4, 32, {169, 254, 0, 23}}, "Tencent Cloud"},
    {{WEIR_ADDRESS_IPV4, 32, {100, 100, 100, 200}}, "Alibaba Cloud"},
    {{WEIR_ADDRESS_IPV4, 32, {192, 0, 0, 192}}, "Oracle Cloud Classic"},
    {{WEIR_ADDRESS_IPV4, 32, {168, 63, 129, 16}}, "Azure wire server"},
    {{WEIR_ADDRESS_IPV6, 128, {0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, 0x54}}, "EC2"},
    {{WEIR_ADDRESS_IPV6, 128, {0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, 0x53}}, "EC2 resolver"},
    {{WEIR_ADDRESS_IPV6, 128, {0xfd, 0x00, 0x0e, 0xc2, [15] = 0x23}}, "EKS pod credentials"},
    {{WEIR_ADDRESS_IPV6, 128, {0xfd, 0x20, 0x00, 0xce, [14] = 0x02, 0x54}}, "Google"},
    {{WEIR_ADDRESS_IPV6, 128, {0xfd, 0x00, 0x00, 0x42, [15] = 0x42}}, "Scaleway"},
    {{WEIR_ADDRESS_IPV6, 128, {0xfe, 0x80, [12] = 0xa9, 0xfe, 0xa9, 0xfe}}, "OpenStack"},
    {{WEIR_ADDRESS_IPV6, 128, {0xfd, 0x00, 0x00, 0xc1, [12] = 0xa9, 0xfe, 0xa9, 0xfe}},
     "Oracle Cloud"},
    {{WEIR_ADDRESS_IPV6, 128, {0xfd, 0x00, 0xa9, 0xfe, 0xa9, 0xfe, [15] = 0x01}}, "Akamai"},
    {{WEIR_ADDRESS_IPV6, 128, {0xfd, 0x00, 0x01, 0x00, [12] = 0x01, 0x00, 0x02, 0x00}},
     "Alibaba Cloud"},
};

enum { METADATA = sizeof metadata / sizeof *metadata };

weir_policy weir_policy_public(void)
{
    return (weir_policy){.deny = WEIR_POLICY_NOT_PUBLIC};
}

/* Judging ----------------------------------------------------------------------------------- */

static int refuse(weir_policy_reason *reason, weir_policy_rule rule, const weir_address *address,
                  const weir_prefix *prefix, const char *what)
{
    *reason = (weir_policy_reason){.rule = rule, .judged = *address, .what = what};
    if (prefix) reason->prefix = *prefix;
    return WEIR_EPOLICY;
}

/* The longest prefix of a set that may be missing. */
static bool look_up(const weir_prefix_set *set, const weir_address *address, weir_prefix *out)
{
    return set && weir_prefix_set_lookup(set, address, out, NULL);
}

/* Whose metadata service an address is; NULL when it is none. */
static const char *cloud_of(const weir_address *address)
{
    for (int i = 0; i < METADATA; i++)
        if (weir_prefix_contains(&metadata[i].prefix, address)) return metadata[i].cloud;
    return NULL;
}

/* Rule 4 for an address that no own prefix decides. */
static int judge_class(const weir_policy *policy, const weir_address *address,
                       weir_policy_reason *reason)
{
    const weir_ip_block *block = weir_ip_block_of(address);
    unsigned classes = WEIR_POLICY_DENY(block->ip_class);
    /* Linux connects to 0.0.0.0 and :: as to the loopback address. */
    if (block->ip_class == WEIR_IP_UNSPECIFIED) classes |= WEIR_POLICY_DENY(WEIR_IP_LOOPBACK);
    if (policy->deny & classes)
        return refuse(reason, WEIR_POLICY_CLASS, address, &block->prefix, block->name);
    if (policy->only_allowed) return refuse(reason, WEIR_POLICY_NOT_ALLOWED, address, NULL, NULL);
    return 0;
}

/* Rules 3 and 4 for one IP address as it is. */
static int judge(const weir_policy *policy, const weir_address *address, weir_policy_reason *reason)
{
    weir_prefix allowed = {0}, denied = {0};
    const bool may = look_up(policy->allowed, address, &allowed);
    const bool may_not = look_up(policy->denied, address, &denied);
    if (may_not && (!may || denied.len >= allowed.len))
        return refuse(reason, WEIR_POLICY_DENIED, address, &denied, NULL);
    const char *cloud = policy->deny & WEIR_POLICY_METADATA ? cloud_of(address) : NULL;
    if (cloud && !(may && allowed.len == weir_prefix_bits(&allowed)))
        return refuse(reason, WEIR_POLICY_IS_METADATA, address, NULL, cloud);
    return may ? 0 : judge_class(policy, address, reason);
}

/* Rule 5: the address itself, then those in it. */
static int judge_all(const weir_policy *policy, const weir_address *address,
                     weir_policy_reason *reason)
{
    weir_address inside[WEIR_EMBEDDED_ADDRESSES];
    size_t count;
    const bool mapped = weir_ip_embedded(address, inside, &count) == WEIR_EMBEDDED_MAPPED;
    weir_prefix denied;
    int result = 0;
    if (mapped && look_up(policy->denied, address, &denied))
        return refuse(reason, WEIR_POLICY_DENIED, address, &denied, NULL);
    if (!mapped) result = judge(policy, address, reason);
    for (size_t i = 0; i < count && result == 0; i++) result = judge(policy, &inside[i], reason);
    return result;
}

static bool port_allowed(const weir_policy *policy, uint16_t port)
{
    for (size_t i = 0; i < policy->port_count; i++)
        if (policy->ports[i] == port) return true;
    return policy->port_count == 0;
}

int weir_policy_check(const weir_policy *policy, const weir_address *address,
                      weir_policy_reason *reason)
{
    weir_policy_reason unused;
    if (!reason) reason = &unused;
    *reason = (weir_policy_reason){.judged = *address};
    if (!policy) return 0;
    switch (address->kind) {
    case WEIR_ADDRESS_UNIX:
        return policy->allow_unix ? 0 : refuse(reason, WEIR_POLICY_UNIX, address, NULL, NULL);
    case WEIR_ADDRESS_IPV4:
    case WEIR_ADDRESS_IPV6: break;
    default: return refuse(reason, WEIR_POLICY_NO_ADDRESS, address, NULL, NULL);
    }
    if (!port_allowed(policy, address->port))
        return refuse(reason, WEIR_POLICY_PORT, address, NULL, NULL);
    return judge_all(policy, address, reason);
}

/* Saying why -------------------------------------------------------------------------------- */

size_t weir_policy_reason_print(const weir_policy_reason *reason, char *out)
{
    char address[WEIR_ADDRESS_TEXT], prefix[WEIR_PREFIX_TEXT];
    const bool port = reason->rule == WEIR_POLICY_PORT || reason->judged.kind == WEIR_ADDRESS_UNIX;
    weir_address_print_as(&reason->judged, port ? WEIR_ADDRESS_AS_SOCKET : WEIR_ADDRESS_AS_IP, NULL,
                          address, sizeof address);
    weir_prefix_print(&reason->prefix, prefix);
    int len = 0;
    switch (reason->rule) {
    case WEIR_POLICY_PASSED: len = snprintf(out, WEIR_POLICY_TEXT, "%s is allowed", address); break;
    case WEIR_POLICY_NO_ADDRESS:
        len = snprintf(out, WEIR_POLICY_TEXT, "there is no address");
        break;
    case WEIR_POLICY_UNIX:
        len = snprintf(out, WEIR_POLICY_TEXT, "%s is a Unix socket, which is not allowed", address);
        break;
    case WEIR_POLICY_PORT:
        len = snprintf(out, WEIR_POLICY_TEXT, "%s is not on a port that is allowed", address);
        break;
    case WEIR_POLICY_DENIED:
        len = snprintf(out, WEIR_POLICY_TEXT, "%s is in %s, which is denied", address, prefix);
        break;
    case WEIR_POLICY_CLASS:
        len = snprintf(out, WEIR_POLICY_TEXT, "%s is in %s (%s)", address, prefix, reason->what);
        break;
    case WEIR_POLICY_IS_METADATA:
        len =
            snprintf(out, WEIR_POLICY_TEXT, "%s is a metadata service (%s)", address, reason->what);
        break;
    case WEIR_POLICY_NOT_ALLOWED:
        len = snprintf(out, WEIR_POLICY_TEXT, "%s is in no prefix that is allowed", address);
        break;
    }
    return len > 0 ? (size_t)len : 0;
}
