#include "effects/address.h"

#include <arpa/inet.h>
#include <endian.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

/* In host order; false when it does not stand for one of IPv4. */
static bool as_ipv4(const struct sockaddr *address, uint32_t *ret_four)
{
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
    uint32_t four;
    if (address->sa_family == AF_INET)
        four = ((const struct sockaddr_in *)address)->sin_addr.s_addr;
    else if (address->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
        memcpy(&four, six->sin6_addr.s6_addr + 12, sizeof four);
    else
        return false;
    *ret_four = be32toh(four);
    return true;
}

static enum rb_address_place place_of_four(uint32_t four)
{
    if (four >> 24 == 127 || four >> 24 == 0)
        return RB_ADDRESS_THIS_MACHINE;
    return four >> 16 == 0xa9fe ? RB_ADDRESS_LINK_LOCAL : RB_ADDRESS_ELSEWHERE;
}

enum rb_address_place rb_address_place(const struct sockaddr *address)
{
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
    uint32_t four;
    if (as_ipv4(address, &four))
        return place_of_four(four);
    if (address->sa_family != AF_INET6)
        return RB_ADDRESS_ELSEWHERE;
    if (IN6_IS_ADDR_LOOPBACK(&six->sin6_addr) || IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr))
        return RB_ADDRESS_THIS_MACHINE;
    return IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr) ? RB_ADDRESS_LINK_LOCAL
                                                  : RB_ADDRESS_ELSEWHERE;
}

enum rb_address_place rb_address_text_place(const char *text)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
        return rb_address_place((const struct sockaddr *)&four);
    return inet_pton(AF_INET6, text, &six.sin6_addr) == 1
               ? rb_address_place((const struct sockaddr *)&six)
               : RB_ADDRESS_ELSEWHERE;
}
