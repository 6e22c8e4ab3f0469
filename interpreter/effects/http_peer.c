#include "effects/http_peer.h"

#include "effects/clock.h"
#include "effects/http_outcome.h"
#include "effects/http_setup.h"

/* What follows "NAME:" in a certificate's list, or NULL. */
static const char *field(const struct curl_slist *list, const char *name)
{
    size_t length = strlen(name);
    for (; list; list = list->next) {
        if (strncmp(list->data, name, length) == 0 && list->data[length] == ':')
            return list->data + length + 1;
    }
    return NULL;
}

static const struct rb_value *text_of(const struct curl_slist *list, const char *name)
{
    const char *text = field(list, name);
    return text ? rb_value_text(text) : NULL;
}

static const struct rb_value *time_of(const struct rb_curl *curl,
                                      const struct curl_slist *list, const char *name)
{
    const char *text = field(list, name);
    time_t at = text ? curl->getdate(text, NULL) : -1;
    return at >= 0 ? rb_value_int(at) : NULL;
}

/* "DNS:a, IP Address:b": the names and addresses of it. */
static const struct rb_value *names_of(const struct curl_slist *list)
{
    static const char *const kinds[] = {"DNS:", "IP Address:"};
    const char *at = field(list, "X509v3 Subject Alternative Name");
    struct rb_list_builder names = {0};
    while (at && *at) {
        at += strspn(at, ", ");
        size_t length = strcspn(at, ",");
        for (size_t i = 0; i < RB_COUNT(kinds); i++) {
            size_t skip = strlen(kinds[i]);
            if (strncmp(at, kinds[i], skip) == 0)
                rb_list_add(&names, rb_value_string(at + skip, length - skip));
        }
        at += length;
    }
    return rb_list_end(&names);
}

static const struct rb_value *certificates_of(const struct rb_exchange *exchange)
{
    const struct rb_curl *curl = &exchange->place->curl;
    struct curl_certinfo *info = NULL;
    struct rb_list_builder list = {0};
    curl->easy_getinfo(exchange->easy, CURLINFO_CERTINFO, &info);
    for (int i = 0; info && i < info->num_of_certs; i++) {
        const struct curl_slist *one = info->certinfo[i];
        rb_list_add(&list, rb_value_map("subject", text_of(one, "Subject"), "issuer",
                                        text_of(one, "Issuer"), "serial",
                                        text_of(one, "Serial Number"), "not_before",
                                        time_of(curl, one, "Start date"), "not_after",
                                        time_of(curl, one, "Expire date"), "names",
                                        names_of(one), NULL));
    }
    return rb_list_end(&list);
}

static const struct rb_value *peer_of(const struct rb_exchange *exchange)
{
    const char *distrust = exchange->distrust;
    return rb_value_map("verified", rb_value_bool(!distrust), "error",
                        distrust ? rb_value_text(distrust) : NULL, "at",
                        rb_value_int(rb_clock_utc() / RB_SEC), "certificates",
                        certificates_of(exchange), NULL);
}

bool rb_http_peer_goes_on(struct rb_exchange *exchange, CURLcode result)
{
    if (result == CURLE_OK && !exchange->code) {
        exchange->peer = peer_of(exchange);
        return false;
    }
    if (result != CURLE_PEER_FAILED_VERIFICATION || exchange->code || exchange->distrust) {
        rb_http_explain(exchange, result);
        return false;
    }
    exchange->distrust = rb_http_distrust(exchange);
    return rb_http_set_up(exchange);
}
