#include "effects/zone_look.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "base/moment.h"
#include "base/zone.h"

enum { DAY = 86400, DAYS_MOST = 731, EDGES_MOST = 16 };

bool rb_zone_look_is(const char *call)
{
    return strcmp(call, "time.window") == 0 || strcmp(call, "time.at") == 0;
}

/* What a clock on the wall shows, as if it were UTC: seconds since 1970. */
static time_t shown(time_t at)
{
    struct tm part;
    localtime_r(&at, &part);
    return at + part.tm_gmtoff;
}

static time_t day_of(time_t wall)
{
    return (wall - (wall % DAY + DAY) % DAY) / DAY;
}

/* Instants, in ascending order. */
struct edges {
    time_t items[EDGES_MOST];
    int count;
};

static void add(struct edges *edges, time_t at)
{
    int place = edges->count;
    if (edges->count == EDGES_MOST)
        return;
    while (place > 0 && edges->items[place - 1] > at)
        place--;
    memmove(&edges->items[place + 1], &edges->items[place],
            (size_t)(edges->count++ - place) * sizeof at);
    edges->items[place] = at;
}

/* Between the two, whose distance from UTC differs, the clock is set: the first instant after it. */
static time_t transition(time_t before, time_t after)
{
    time_t offset = shown(before) - before;
    while (after - before > 1) {
        time_t middle = before + (after - before) / 2;
        if (shown(middle) - middle == offset)
            before = middle;
        else
            after = middle;
    }
    return after;
}

/* When the clock may show this: with the distance of the day before, with that of the day after, and
 * when it is set in between. */
static void add_wall(struct edges *edges, time_t wall)
{
    time_t before = wall - DAY, after = wall + DAY;
    time_t first = shown(before) - before, second = shown(after) - after;
    add(edges, wall - first);
    if (first == second)
        return;
    add(edges, wall - second);
    add(edges, transition(before, after));
}

/* Windows */

struct window {
    time_t from, to; /* seconds of a day */
    bool days[8];    /* from 1: Monday */
    const struct rb_value *except;
};

/* 1970-01-01 was a Thursday. */
static int weekday(time_t day)
{
    return (int)((day + 3) % 7 + 7) % 7 + 1;
}

static bool is_excepted(const struct window *window, time_t day)
{
    char text[28];
    rb_time_format(day * DAY * RB_SEC, text);
    text[10] = '\0';
    for (size_t i = 0; i < rb_value_count(window->except); i++) {
        if (strcmp(rb_value_as_text(rb_value_at(window->except, i), ""), text) == 0)
            return true;
    }
    return false;
}

static bool is_day(const struct window *window, time_t day)
{
    return window->days[weekday(day)] && !is_excepted(window, day);
}

/* The part of a window that lies after midnight belongs to the day on which it opened. */
static bool is_open(const struct window *window, time_t at)
{
    time_t wall = shown(at), day = day_of(wall), time = wall - day * DAY;
    if (window->from < window->to)
        return time >= window->from && time < window->to && is_day(window, day);
    return (time >= window->from && is_day(window, day)) ||
           (time < window->to && is_day(window, day - 1));
}

static void edges_of_day(const struct window *window, time_t day, struct edges *edges)
{
    *edges = (struct edges){0};
    add_wall(edges, day * DAY);
    add_wall(edges, day * DAY + window->from);
    add_wall(edges, day * DAY + window->to);
}

/* The first instant after `now` at which it is not as it is now. */
static bool find_until(const struct window *window, time_t now, time_t *ret_until)
{
    bool open = is_open(window, now);
    for (time_t day = day_of(shown(now)) - 1, n = 0; n < DAYS_MOST; day++, n++) {
        struct edges edges;
        edges_of_day(window, day, &edges);
        for (int i = 0; i < edges.count; i++) {
            *ret_until = edges.items[i];
            if (edges.items[i] > now && is_open(window, edges.items[i]) != open)
                return true;
        }
    }
    return false;
}

/* The last one up to `now` since which it has been as it is. */
static bool find_since(const struct window *window, time_t now, time_t *ret_since)
{
    bool open = is_open(window, now);
    for (time_t day = day_of(shown(now)) + 1, n = 0; n < DAYS_MOST; day--, n++) {
        struct edges edges;
        edges_of_day(window, day, &edges);
        for (int i = edges.count; i-- > 0;) {
            *ret_since = edges.items[i];
            if (edges.items[i] <= now && is_open(window, edges.items[i] - 1) != open)
                return true;
        }
    }
    return false;
}

static bool read_window(const struct rb_value *req, struct window *ret)
{
    rb_time from, to;
    *ret = (struct window){.except = rb_value_get(req, "except")};
    const struct rb_value *days = rb_value_get(req, "days");
    for (size_t i = 0; i < rb_value_count(days); i++) {
        int64_t day = rb_value_as_int(rb_value_at(days, i), 0);
        if (day >= 1 && day <= 7)
            ret->days[day] = true;
    }
    if (!rb_moment_of_day(rb_value_get_text(req, "from", ""), &from) ||
        !rb_moment_of_day(rb_value_get_text(req, "to", ""), &to) || from == to)
        return false;
    ret->from = from / RB_SEC;
    ret->to = to / RB_SEC;
    return true;
}

static const struct rb_value *problem(const char *code, const struct rb_value *message)
{
    return rb_value_map(
        "error", rb_value_map("code", rb_value_text(code), "message", message, NULL), NULL);
}

static const struct rb_value *look_at_window(const struct rb_value *req, time_t now)
{
    struct window window;
    time_t since = 0, until = 0;
    if (!read_window(req, &window))
        return problem("kind", rb_value_text("this is no window"));
    bool has_since = find_since(&window, now, &since);
    bool has_until = find_until(&window, now, &until);
    return rb_value_map("open", rb_value_bool(is_open(&window, now)), "since",
                        has_since ? rb_value_int(since) : NULL, "until",
                        has_until ? rb_value_int(until) : NULL, NULL);
}

/* A time */

/* The first instant at which the clock shows this; where it never does, when it is set past it. */
static time_t instant_of(time_t wall)
{
    struct edges edges = {0};
    add_wall(&edges, wall);
    for (int i = 0; i < edges.count; i++) {
        if (shown(edges.items[i]) == wall)
            return edges.items[i];
    }
    for (int i = 0; i < edges.count; i++) {
        if (shown(edges.items[i] - 1) < wall && shown(edges.items[i]) > wall)
            return edges.items[i];
    }
    return edges.items[0];
}

static time_t next_of_day(time_t time, time_t now)
{
    time_t day = day_of(shown(now));
    for (int n = 0; n < 3; n++, day++) {
        time_t at = instant_of(day * DAY + time);
        if (at >= now)
            return at;
    }
    return now;
}

static const struct rb_value *look_at_time(const struct rb_value *req, time_t now)
{
    struct rb_moment moment;
    rb_time of_day;
    if (!rb_moment_parse(rb_value_get_text(req, "at", ""), &moment) ||
        moment.kind == RB_MOMENT_ABSOLUTE || moment.offset != 0)
        return problem("kind", rb_value_text("this is no time of a place"));
    bool daily = moment.kind == RB_MOMENT_OF_DAY && rb_moment_of_day(moment.local, &of_day);
    time_t at = daily ? next_of_day(of_day / RB_SEC, now) : instant_of(moment.utc / RB_SEC);
    return rb_value_map("at", rb_value_int(at), NULL);
}

/* The C library takes a zone that it does not find for UTC: it has to be there. */
static bool enter_zone(const char *name, char ret_hex[RB_DIGEST_HEX + 1])
{
    RB_AUTO_BUF struct rb_buf bytes = {0}, value = {0};
    if (!rb_zone_read(name, &bytes))
        return false;
    rb_digest_of(bytes.data, bytes.length, ret_hex);
    rb_buf_printf(&value, ":%s", name);
    if (setenv("TZ", rb_buf_text(&value), 1) != 0)
        return false;
    tzset();
    return true;
}

const struct rb_value *rb_zone_look(const char *call, const struct rb_value *req)
{
    static const int64_t latest = INT64_C(250000000000); /* the year 9892 */
    const char *zone = rb_value_get_text(req, "tz", "");
    int64_t now = rb_value_get_int(req, "now", -1);
    char hex[RB_DIGEST_HEX + 1], version[16];
    if (now < 0 || now > latest)
        return problem("kind", rb_value_text("there is no such time"));
    if (!enter_zone(zone, hex))
        return problem("zone", rb_value_textf("there is no time zone %s here", zone));
    RB_AUTO_VALUE const struct rb_value *found = strcmp(call, "time.window") == 0
                                                     ? look_at_window(req, now)
                                                     : look_at_time(req, now);
    rb_zone_version(version);
    RB_AUTO_VALUE const struct rb_value *by =
        rb_value_map("zone", rb_value_textf("sha256:%s", hex), "tzdata",
                     *version ? rb_value_text(version) : NULL, NULL);
    return rb_value_merge(found, by);
}
