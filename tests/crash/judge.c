#include "judge.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "journal/like.h"
#include "services.h"
#include "trial.h"

enum { FILE_MAX = 16 << 20, PATH_SIZE = 600 };

static bool newest_run(const struct lab *lab, char ret_path[PATH_SIZE])
{
    char newest[256] = "", runs[300];
    snprintf(runs, sizeof runs, "%s/store/runs", lab->world);
    DIR *dir = opendir(runs);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (entry->d_name[0] == 'r' && strcmp(entry->d_name, newest) > 0)
            snprintf(newest, sizeof newest, "%s", entry->d_name);
    }
    if (dir)
        closedir(dir);
    snprintf(ret_path, PATH_SIZE, "%s/%s/journal.jsonl", runs, newest);
    return newest[0] != '\0';
}

typedef bool reader(const char *bytes, size_t length, const struct rb_value **ret_value,
                    struct rb_error *err);

/* The lines of a file as values, each with its newline behind it; what is cut off is no line. */
static const struct rb_value *read_lines(const char *path, reader *read)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    struct rb_list_builder lines = {0};
    if (!rb_file_read(AT_FDCWD, path, FILE_MAX, &text, NULL))
        rb_buf_clear(&text);
    const char *at = rb_buf_text(&text), *end = at + text.length;
    for (const char *newline; (newline = memchr(at, '\n', (size_t)(end - at)));
         at = newline + 1) {
        const struct rb_value *value;
        if (read(at, (size_t)(newline - at), &value, NULL))
            rb_list_add(&lines, value);
    }
    return rb_list_end(&lines);
}

/* With what a look that is like an earlier one leaves out. */
static const struct rb_value *whole(struct rb_likes *likes, const struct rb_value *line)
{
    struct rb_record record = {
        .seq = rb_value_get_int(line, "seq", -1),
        .writer = (int)rb_value_get_int(line, "w", 0),
        .event = {.type = rb_event_find(rb_value_get_text(line, "type", "")),
                  .d = rb_value_ref(rb_value_get(line, "d"))}};
    const struct rb_value *restored =
        rb_likes_restore(likes, &record, NULL)
            ? rb_value_map("d", rb_value_ref(record.event.d), NULL)
            : rb_value_null();
    const struct rb_value *merged = rb_value_merge(line, restored);
    rb_value_unref(restored);
    rb_record_done(&record);
    return merged;
}

/* As far as it is a record: behind a line that is torn there is none. */
static const struct rb_value *read_journal(const struct lab *lab)
{
    char path[PATH_SIZE];
    struct rb_list_builder journal = {0};
    struct rb_likes *likes = rb_likes_new();
    RB_AUTO_VALUE const struct rb_value *lines =
        newest_run(lab, path) ? read_lines(path, rb_json_decode) : NULL;
    for (size_t i = 0; i < rb_value_count(lines); i++) {
        const struct rb_value *line = rb_value_at(lines, i);
        if (rb_value_get_int(line, "seq", -1) != (int64_t)i)
            break;
        rb_list_add(&journal, whole(likes, line));
    }
    rb_likes_free(likes);
    return rb_list_end(&journal);
}

bool judge_is_begun(const struct lab *lab)
{
    RB_AUTO_VALUE const struct rb_value *journal = read_journal(lab);
    return rb_value_count(journal) > 0;
}

static const char *type_of(const struct rb_value *line)
{
    return rb_value_get_text(line, "type", "");
}

/* It has come to the end that it comes to undisturbed. */
static bool is_at_its_end(const struct rb_value *journal, const struct scene *scene)
{
    const struct rb_value *last =
        rb_value_at(journal, rb_value_count(journal) - (rb_value_count(journal) > 0));
    return strcmp(rb_value_get_text(rb_value_get(last, "d"), "status", ""),
                  scene->end ? scene->end : "succeeded") == 0;
}

static bool is_excuse(const struct rb_value *line)
{
    const struct rb_value *d = rb_value_get(line, "d");
    const char *type = type_of(line);
    return (strcmp(type, "question.asked") == 0 &&
            strcmp(rb_value_get_text(d, "kind", ""), "doubt") == 0) ||
           (strcmp(type, "attempt.failed") == 0 &&
            strcmp(rb_value_get_text(d, "reason", ""), "unknown") == 0);
}

bool judge_same_end(const struct lab *lab, const struct scene *scene)
{
    RB_AUTO_VALUE const struct rb_value *journal = read_journal(lab);
    for (size_t i = 0; i < rb_value_count(journal); i++) {
        if (is_excuse(rb_value_at(journal, i)))
            return true;
    }
    return is_at_its_end(journal, scene);
}

bool judge_is_finished(const struct lab *lab)
{
    RB_AUTO_VALUE const struct rb_value *journal = read_journal(lab);
    for (size_t i = 0; i < rb_value_count(journal); i++) {
        if (strcmp(type_of(rb_value_at(journal, i)), "run.finished") == 0)
            return true;
    }
    return false;
}

/* The record owes no sync for these by themselves. */
static bool may_be_lost(const struct rb_value *line)
{
    static const char *const types[] = {"eval.result", "gate.waiting", "timer.due"};
    for (size_t i = 0; i < RB_COUNT(types); i++) {
        if (strcmp(type_of(line), types[i]) == 0)
            return true;
    }
    return false;
}

/* As it is shown: numbers as numbers, and a name as it is. */
static const struct rb_value *plain(const struct rb_value *value)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    const struct rb_value *shown = NULL;
    rb_json_print(value, 0, &text);
    return rb_json_parse(rb_buf_text(&text), text.length, &shown, NULL) ? shown : NULL;
}

static bool same_event(const struct rb_value *shown, const struct rb_value *recorded)
{
    RB_AUTO_VALUE const struct rb_value *d =
        recorded ? plain(rb_value_get(recorded, "d")) : NULL;
    return d && rb_value_equal(rb_value_get(shown, "d"), d) &&
           strcmp(type_of(shown), type_of(recorded)) == 0 &&
           strcmp(rb_value_get_text(shown, "t", ""),
                  rb_value_get_text(recorded, "t", "-")) == 0;
}

bool judge_shown(const struct lab *lab, bool loss, struct rb_buf *why)
{
    char path[512];
    snprintf(path, sizeof path, "%s/out", lab->world);
    RB_AUTO_VALUE const struct rb_value *shown = read_lines(path, rb_json_parse);
    RB_AUTO_VALUE const struct rb_value *journal = read_journal(lab);
    for (size_t i = 0; i < rb_value_count(shown); i++) {
        const struct rb_value *line = rb_value_at(shown, i);
        int64_t seq = rb_value_get_int(line, "seq", -1);
        if (seq < 0 || (loss && may_be_lost(line)))
            continue;
        if (!same_event(line, rb_value_at(journal, (size_t)seq))) {
            rb_buf_printf(why, "shown, but not in the record: %s, seq %d", type_of(line),
                          (int)seq);
            return false;
        }
    }
    return true;
}

void judge_effects(const struct lab *lab, const struct scene *scene, struct rb_buf *effects)
{
    rb_buf_append(effects, seam->spawns, seam->spawned);
    service_tell(lab, scene, effects);
}

bool judge_nothing_done(const struct lab *lab, const struct scene *scene,
                        struct rb_buf *why)
{
    RB_AUTO_BUF struct rb_buf effects = {0};
    judge_effects(lab, scene, &effects);
    if (!strstr(rb_buf_text(&effects), "write\x1f"))
        return true;
    rb_buf_printf(why, "something was written, and there is no run");
    return false;
}

/* How often a line, or the words at the end of one, stand in a list of effects. */
static int count_lines(const char *effects, const char *line, size_t length,
                       bool words_only)
{
    int count = 0;
    for (const char *at = effects, *end; *at && (end = strchr(at, '\n')); at = end + 1) {
        size_t have = (size_t)(end - at);
        const char *from = words_only && have > length ? end - length : at;
        count += (size_t)(end - from) == length && memcmp(from, line, length) == 0;
    }
    return count;
}

/* Of "write STEP ARGUMENT...", the arguments. */
static const char *words_of(const char *line)
{
    const char *step = strchr(line, '\x1f');
    return strchr(step + 1, '\x1f') + 1;
}

static bool may_repeat(const struct scene *scene, const char *line)
{
    for (int i = 0; i < 4 && scene->repeats[i]; i++) {
        if (strncmp(words_of(line), scene->repeats[i], strlen(scene->repeats[i])) == 0)
            return true;
    }
    return strncmp(line, "read\x1f", 5) == 0;
}

static bool is_retry(const struct rb_value *line)
{
    const char *type = type_of(line);
    const char *answer = rb_value_get_text(rb_value_get(line, "d"), "answer", "");
    return strcmp(type, "retry.scheduled") == 0 || strcmp(type, "step.decided") == 0 ||
           (strcmp(type, "question.answered") == 0 && strcmp(answer, "retry") == 0);
}

/* Has this step, or one that it holds, had an effect with these words? */
static bool has_started(const char *effects, const char *step, const char *words,
                        size_t length)
{
    size_t own = strlen(step);
    for (const char *at = effects, *end; (end = strchr(at, '\n')); at = end + 1) {
        const char *name = strchr(at, '\x1f') + 1;
        if (strncmp(name, step, own) == 0 && (name[own] == '.' || name[own] == '[') &&
            (size_t)(end - words_of(at)) == length &&
            memcmp(words_of(at), words, length) == 0)
            return true;
    }
    return false;
}

/* Retries of what does this that the runbook, its probe or a person decided; each is an event of its
 * own. */
static int decided_to_repeat(const struct rb_value *journal, const char *effects,
                             const char *words, size_t length)
{
    int count = 0;
    for (size_t i = 0; i < rb_value_count(journal); i++) {
        const struct rb_value *line = rb_value_at(journal, i);
        const char *step = rb_value_get_text(rb_value_get(line, "d"), "step", "");
        count += is_retry(line) && has_started(effects, step, words, length);
    }
    return count;
}

static bool complain(struct rb_buf *why, const char *what, const char *line, size_t length)
{
    rb_buf_printf(why, "%s: %.*s", what, (int)length, line);
    for (char *c = why->data; *c; c++)
        *c = *c == '\x1f' ? ' ' : *c;
    return false;
}

bool judge_starts(const struct lab *lab, const struct scene *scene, const char *undisturbed,
                  struct rb_buf *why)
{
    RB_AUTO_BUF struct rb_buf effects = {0};
    RB_AUTO_VALUE const struct rb_value *journal = read_journal(lab);
    judge_effects(lab, scene, &effects);
    for (const char *at = rb_buf_text(&effects), *end; (end = strchr(at, '\n'));
         at = end + 1) {
        size_t length = (size_t)(end - at), words = (size_t)(end - words_of(at));
        if (may_repeat(scene, at))
            continue;
        if (count_lines(effects.data, at, length, false) > 1)
            return complain(why, "an attempt was started twice", at, length);
        if (count_lines(effects.data, words_of(at), words, true) >
            count_lines(undisturbed, words_of(at), words, true) +
                decided_to_repeat(journal, effects.data, words_of(at), words))
            return complain(why, "done too often", at, length);
    }
    return true;
}

bool judge_all_done(const struct lab *lab, const struct scene *scene,
                    const char *undisturbed, struct rb_buf *why)
{
    RB_AUTO_BUF struct rb_buf effects = {0};
    RB_AUTO_VALUE const struct rb_value *journal = read_journal(lab);
    judge_effects(lab, scene, &effects);
    if (!is_at_its_end(journal, scene))
        return true;
    for (const char *at = undisturbed, *end; (end = strchr(at, '\n')); at = end + 1) {
        size_t words = (size_t)(end - words_of(at));
        if (strncmp(at, "write", 5) == 0 &&
            count_lines(rb_buf_text(&effects), words_of(at), words, true) == 0)
            return complain(why, "never done", at, (size_t)(end - at));
    }
    return true;
}
