#include "effects/mail_transfer.h"

#include <stdio.h>
#include <sys/socket.h>

#include "effects/clock.h"
#include "effects/curl_tls.h"

enum { REPLY_BYTES = 2000 };
static const rb_time CONNECT_TIMEOUT = 30 * RB_SEC;

/* QUIT is not waited for longer than this, in seconds. After a refusal another command may follow,
 * which gets a little more. */
enum { QUIT_WAIT = 1, REFUSED_WAIT = 5 };

/* What is set so far; the first refusal stays. */
struct setup {
    struct rb_posting *posting;
    const struct rb_curl *curl;
    CURLcode refused;
};

#define SET(setup, what, value)                                                        \
    do {                                                                               \
        CURLcode set =                                                                 \
            (setup)->curl->easy_setopt((setup)->posting->easy, CURLOPT_##what, value); \
        (setup)->refused = (setup)->refused == CURLE_OK ? set : (setup)->refused;      \
    } while (0)

static curl_socket_t on_socket(void *context, curlsocktype purpose,
                               struct curl_sockaddr *address)
{
    (void)context, (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* The server knows us, and has not been told of the mail. */
// NOLINTNEXTLINE(readability-non-const-parameter): as libcurl calls it
static int on_request(void *context, char *remote, char *local, int remote_port,
                      int local_port)
{
    struct rb_posting *posting = context;
    (void)local, (void)local_port;
    snprintf(posting->remote, sizeof posting->remote,
             strchr(remote, ':') ? "[%s]:%d" : "%s:%d", remote, remote_port);
    rb_value_unref(posting->tls);
    posting->tls = rb_curl_tls(&posting->place->curl, posting->easy, true);
    return CURL_PREREQFUNC_OK;
}

/* The note comes before the first byte: whoever finds none knows that none was sent. */
static bool note_start(struct rb_posting *posting)
{
    RB_AUTO_CLOSE int note = -1;
    struct rb_error err;
    if (posting->begun)
        return true;
    if ((posting->folder < 0 &&
         !rb_note_folder(posting->place->steps, posting->dir, &posting->folder, &err)) ||
        !rb_note_started(posting->folder, &note, &err)) {
        posting->unnoted = true;
        return rb_posting_fail(posting, rb_note_had_no_room(&err) ? "no_room" : "unsent",
                               "%s", err.message);
    }
    rb_note_programs(note, posting->place->boot_id, NULL);
    posting->begun = true;
    return true;
}

static size_t on_read(char *bytes, size_t one, size_t size, void *context)
{
    struct rb_posting *posting = context;
    size_t left = posting->letter.length - posting->at;
    size_t want = left < one * size ? left : one * size;
    if (!note_start(posting))
        return CURL_READFUNC_ABORT;
    memcpy(bytes, posting->letter.data + posting->at, want);
    posting->at += want;
    posting->all = posting->at == posting->letter.length;
    return want;
}

enum { CLOSING = 221 }; /* the reply to QUIT, which says nothing of the mail */

/* The number that a line of a reply begins with, or 0. */
static int number_of(const char *bytes, size_t length)
{
    int number = 0;
    for (size_t i = 0; i < 3; i++) {
        if (length <= 3 || bytes[i] < '0' || bytes[i] > '9')
            return 0;
        number = number * 10 + (bytes[i] - '0');
    }
    return number;
}

/* A reply is lines that begin with its number, the last of them with a space behind it
 * (RFC 5321, 4.2). */
static size_t on_reply(char *bytes, size_t one, size_t size, void *context)
{
    struct rb_posting *posting = context;
    size_t length = one * size;
    int number = number_of(bytes, length);
    if (posting->judged || number == CLOSING)
        return length;
    if (posting->replied)
        rb_buf_clear(&posting->reply);
    if (posting->reply.length + length <= REPLY_BYTES)
        rb_buf_append(&posting->reply, bytes, length);
    posting->replied = number > 0 && bytes[3] != '-';
    if (!posting->replied)
        return length;
    posting->status = number;
    posting->judged |= posting->all;
    if (posting->judged || posting->status >= 400)
        posting->place->curl.easy_setopt(posting->easy, CURLOPT_SERVER_RESPONSE_TIMEOUT,
                                         posting->judged ? (long)QUIT_WAIT
                                                         : (long)REFUSED_WAIT);
    return length;
}

/* Out of time libcurl sends QUIT, and its clock for all of it stands still by then (7.88.1). */
static bool is_over(const struct rb_posting *posting)
{
    rb_time total = rb_value_get_int(posting->request, "timeout_us", 0);
    return total > 0 && rb_clock_mono() > posting->began + total + QUIT_WAIT * RB_SEC;
}

static int on_progress(void *context, curl_off_t expected, curl_off_t received,
                       curl_off_t to_send, curl_off_t sent)
{
    const struct rb_posting *posting = context;
    (void)expected, (void)received, (void)to_send, (void)sent;
    return __atomic_load_n(&posting->abandoned, __ATOMIC_ACQUIRE) || is_over(posting);
}

// NOLINTNEXTLINE(readability-non-const-parameter): as libcurl calls it
static size_t on_body(char *bytes, size_t one, size_t size, void *context)
{
    (void)bytes, (void)context;
    return one * size;
}

static void set_calls(struct setup *setup)
{
    SET(setup, OPENSOCKETFUNCTION, on_socket);
    SET(setup, PREREQFUNCTION, on_request);
    SET(setup, PREREQDATA, setup->posting);
    SET(setup, READFUNCTION, on_read);
    SET(setup, READDATA, setup->posting);
    SET(setup, HEADERFUNCTION, on_reply);
    SET(setup, HEADERDATA, setup->posting);
    SET(setup, WRITEFUNCTION, on_body);
    SET(setup, NOPROGRESS, 0L);
    SET(setup, XFERINFOFUNCTION, on_progress);
    SET(setup, XFERINFODATA, setup->posting);
}

/* With STARTTLS required nothing is said in the clear but that we want it: a server, or whoever
 * stands in between, that does not offer it gets no mail. */
static void set_trust(struct setup *setup)
{
    const struct rb_value *request = setup->posting->request;
    const char *ca = rb_value_get_text(request, "ca", NULL);
    bool none = strcmp(rb_value_get_text(request, "tls", ""), "none") == 0;
    SET(setup, USE_SSL, none ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL);
    SET(setup, SSL_VERIFYPEER, 1L);
    SET(setup, SSL_VERIFYHOST, 2L);
    SET(setup, SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (!ca)
        return;
    SET(setup, CAINFO, ca);
    SET(setup, CAPATH, NULL);
}

static void set_sign_on(struct setup *setup)
{
    const struct rb_value *auth = rb_value_get(setup->posting->request, "auth");
    if (!auth)
        return;
    SET(setup, USERNAME, rb_value_get_text(auth, "user", ""));
    SET(setup, PASSWORD, rb_value_get_text(auth, "password", ""));
    SET(setup, LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN");
}

static void add_recipients(struct rb_posting *posting)
{
    const struct rb_value *to = rb_value_get(posting->request, "to");
    for (size_t i = 0; i < rb_value_count(to); i++) {
        struct curl_slist *longer = posting->place->curl.slist_append(
            posting->to, rb_value_as_text(rb_value_at(to, i), ""));
        if (!longer)
            rb_out_of_memory();
        posting->to = longer;
    }
}

static void set_server(struct setup *setup)
{
    const struct rb_posting *posting = setup->posting;
    RB_AUTO_BUF struct rb_buf url = {0};
    bool implicit = strcmp(rb_value_get_text(posting->request, "tls", ""), "implicit") == 0;
    rb_buf_printf(&url, strchr(posting->host, ':') ? "%s://[%s]:%s" : "%s://%s:%s",
                  implicit ? "smtps" : "smtp", posting->host, posting->port);
    SET(setup, URL, rb_buf_text(&url));
    SET(setup, PROTOCOLS_STR, "smtp,smtps");
    SET(setup, PROXY, "");
}

static void set_mail(struct setup *setup)
{
    const struct rb_posting *posting = setup->posting;
    SET(setup, MAIL_FROM, rb_value_get_text(posting->request, "from", ""));
    SET(setup, MAIL_RCPT, posting->to);
    SET(setup, UPLOAD, 1L);
    SET(setup, INFILESIZE_LARGE, (curl_off_t)posting->letter.length);
}

static long in_ms(rb_time time)
{
    return (long)((time + RB_MS - 1) / RB_MS);
}

static void set_times(struct setup *setup)
{
    const struct rb_value *request = setup->posting->request;
    rb_time total = rb_value_get_int(request, "timeout_us", 0);
    SET(setup, NOSIGNAL, 1L);
    SET(setup, QUICK_EXIT, 1L);
    SET(setup, FRESH_CONNECT, 1L);
    SET(setup, FORBID_REUSE, 1L);
    SET(setup, TIMEOUT_MS, in_ms(total));
    SET(setup, CONNECTTIMEOUT_MS,
        in_ms(rb_value_get_int(request, "connect_timeout_us", CONNECT_TIMEOUT)));
    if (total > 0)
        SET(setup, SERVER_RESPONSE_TIMEOUT, (long)(total / RB_SEC + 1));
}

bool rb_mail_set_up(struct rb_posting *posting)
{
    const struct rb_curl *curl = &posting->place->curl;
    struct setup setup = {.posting = posting, .curl = curl};
    posting->easy = curl->easy_init();
    if (!posting->easy)
        rb_out_of_memory();
    add_recipients(posting);
    set_calls(&setup);
    set_server(&setup);
    if (posting->asks)
        SET(&setup, CUSTOMREQUEST, "NOOP");
    else
        set_mail(&setup);
    set_trust(&setup);
    set_sign_on(&setup);
    set_times(&setup);
    return setup.refused == CURLE_OK ||
           rb_posting_fail(posting, "unsent", "libcurl can't be set up for it: %s",
                           curl->easy_strerror(setup.refused));
}
