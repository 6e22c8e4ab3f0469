#include "effects/http_outcome.h"

#include "effects/clock.h"
#include "effects/curl_tls.h"

const struct rb_value *rb_http_tls(const struct rb_exchange *exchange)
{
    bool verify = exchange->is_foreign ||
                  rb_value_get_bool(rb_value_get(exchange->request, "tls"), "verify", true);
    return rb_curl_tls(&exchange->place->curl, exchange->easy, verify);
}

static const struct rb_value *values_of(const struct rb_exchange *exchange,
                                        const struct curl_header *first)
{
    struct curl_header *header;
    struct rb_list_builder list = {0};
    RB_AUTO_BUF struct rb_buf joined = {0};
    const char *name = first->name;
    bool is_list = strcasecmp(name, "set-cookie") == 0;
    for (size_t i = 0; exchange->place->curl.easy_header(
                           exchange->easy, name, i, CURLH_HEADER, -1, &header) == CURLHE_OK;
         i++) {
        /* Of an empty value libcurl leaves the end of its line (7.88.1). */
        int length = (int)strcspn(header->value, "\r");
        if (is_list)
            rb_list_add(&list, rb_value_string(header->value, (size_t)length));
        rb_buf_printf(&joined, i > 0 ? ", %.*s" : "%.*s", length, header->value);
    }
    return is_list ? rb_list_end(&list) : rb_value_text(rb_buf_text(&joined));
}

static bool has_name(const struct rb_map_builder *map, const struct rb_buf *name)
{
    for (size_t i = 0; i < map->count; i++) {
        const struct rb_value *key = map->members[i].key;
        if (rb_value_length(key) == name->length &&
            memcmp(rb_value_as_text(key, ""), rb_buf_text(name), name->length) == 0)
            return true;
    }
    return false;
}

/* Two that differ in nothing but a secret stay two. */
static void name_of(const struct rb_exchange *exchange, const struct curl_header *header,
                    const struct rb_map_builder *map, struct rb_buf *out)
{
    rb_redact_name(exchange->place->redactor, header->name, strlen(header->name), out);
    size_t length = out->length;
    for (int i = 2; has_name(map, out); i++) {
        out->length = length;
        rb_buf_printf(out, "~%d", i);
    }
}

static void add_header(const struct rb_exchange *exchange, const struct curl_header *header,
                       struct rb_map_builder *map)
{
    RB_AUTO_BUF struct rb_buf name = {0};
    name_of(exchange, header, map, &name);
    rb_map_addn(map, rb_buf_text(&name), name.length, values_of(exchange, header));
}

/* What libcurl hands out is one place, which its next answer overwrites. */
static const struct rb_value *headers_of(const struct rb_exchange *exchange)
{
    struct rb_map_builder map = {0};
    struct curl_header header = {0}, *next = NULL;
    while ((next = exchange->place->curl.easy_nextheader(exchange->easy, CURLH_HEADER, -1,
                                                         next ? &header : NULL))) {
        header = *next;
        if (header.index == 0)
            add_header(exchange, &header, &map);
    }
    return rb_map_end(&map);
}

static const struct rb_value *version_of(const struct rb_exchange *exchange)
{
    long version = 0;
    exchange->place->curl.easy_getinfo(exchange->easy, CURLINFO_HTTP_VERSION, &version);
    const char *text = version == CURL_HTTP_VERSION_1_0   ? "1.0"
                       : version == CURL_HTTP_VERSION_1_1 ? "1.1"
                       : version == CURL_HTTP_VERSION_2_0 ? "2"
                       : version == CURL_HTTP_VERSION_3   ? "3"
                                                          : NULL;
    return text ? rb_value_text(text) : NULL;
}

static long status_of(const struct rb_exchange *exchange)
{
    long status = 0;
    if (exchange->easy)
        exchange->place->curl.easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static const struct rb_value *error_of(const struct rb_exchange *exchange)
{
    if (!exchange->code)
        return NULL;
    return rb_value_map("code", rb_value_text(exchange->code), "message",
                        rb_value_text(exchange->why.message), NULL);
}

/* That there was a connection does not mean that anything was written to it. Over plain HTTP/1.1
 * libcurl counts just what the kernel took; through TLS a record, and in HTTP/2 a frame, may have
 * left that it does not count. */
static bool may_have_left(const struct rb_exchange *exchange)
{
    const struct rb_curl *curl = &exchange->place->curl;
    long lines = 1;
    curl_off_t body = 0;
    if (!exchange->sent || exchange->hops > 0 ||
        strcmp(exchange->target.scheme, "http") != 0)
        return exchange->sent;
    curl->easy_getinfo(exchange->easy, CURLINFO_REQUEST_SIZE, &lines);
    curl->easy_getinfo(exchange->easy, CURLINFO_SIZE_UPLOAD_T, &body);
    return lines > 0 || body > 0;
}

const struct rb_value *rb_http_outcome(const struct rb_exchange *exchange,
                                       const struct rb_value *owned_out)
{
    rb_time took = exchange->began > 0 ? rb_clock_mono() - exchange->began : 0;
    long status = status_of(exchange);
    return rb_value_map(
        "status", status > 0 ? rb_value_int(status) : NULL, "headers",
        status > 0 ? headers_of(exchange) : NULL, "http_version",
        status > 0 ? version_of(exchange) : NULL, "out", owned_out, "saved",
        rb_value_ref(exchange->saved), "url",
        exchange->url ? rb_value_text(exchange->url) : NULL, "remote",
        exchange->remote[0] ? rb_value_text(exchange->remote) : NULL, "tls",
        rb_value_ref(exchange->tls), "peer", rb_value_ref(exchange->peer), "duration_us",
        rb_value_int(took), "killed", exchange->killed ? rb_value_text("request") : NULL,
        "error", error_of(exchange), "sent",
        exchange->code ? rb_value_text(may_have_left(exchange) ? "maybe" : "no") : NULL,
        NULL);
}
