#include "trial.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "journal/link.h"

/* A run of one line, in the chain. */
static void add_run(struct trial *trial, const char *id, bool chained)
{
    struct rb_run *run = NULL;
    struct rb_writer *writer = NULL;
    struct rb_record record = {0};
    struct rb_error err = {0};
    RB_AUTO_VALUE const struct rb_value *d = rb_value_map("run", rb_value_text(id), NULL);
    struct rb_event event = trial_event(RB_EV_RUN_CREATED, 1, d);
    assert_true(rb_run_create(trial->store, id, &run, &err));
    assert_true(rb_writer_create(run, &writer, &err));
    rb_writer_append(writer, &event, &record);
    assert_true(rb_writer_flush(writer, true, &err));
    if (chained)
        assert_true(rb_store_chain(trial->store, id, record.hash, &err));
    rb_writer_close(writer);
    rb_run_close(run);
}

static int chain_setup(void **state)
{
    trial_setup(state);
    for (int i = 1; i <= 4; i++) {
        RB_AUTO_FREE char *id = trial_path("r-%d", i);
        add_run(*state, id, true);
    }
    return 0;
}

static char *chain_path(struct trial *trial)
{
    return trial_path("%s/runs.jsonl", rb_store_path(trial->store));
}

static void sound(struct trial *trial)
{
    struct rb_error err = {0};
    if (!rb_store_verify_chain(trial->store, NULL, &err))
        fail_msg("%s", err.message);
}

static void refused(struct trial *trial, const char *run, const char *why)
{
    struct rb_error err = {0};
    assert_false(rb_store_verify_chain(trial->store, run, &err));
    assert_int_equal(err.code, RB_ERR_RECORD);
    if (!strstr(err.message, why))
        fail_msg("\"%s\" does not say \"%s\"", err.message, why);
}

static void a_chain_of_runs_is_sound(void **state)
{
    struct trial *trial = *state;
    struct rb_error err = {0};
    RB_AUTO_BUF struct rb_buf chain = {0};
    struct stat st;
    sound(trial);
    for (int i = 1; i <= 4; i++) {
        RB_AUTO_FREE char *id = trial_path("r-%d", i);
        assert_true(rb_store_verify_chain(trial->store, id, &err));
    }
    RB_AUTO_FREE char *path = chain_path(trial);
    trial_read(path, &chain);
    assert_non_null(strstr(chain.data, "\"run\":\"r-1\",\"run_no\":1,\"~h\":"));
    assert_non_null(strstr(chain.data, "\"run\":\"r-4\",\"run_no\":4,\"~h\":"));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0600);
}

static void a_run_is_in_the_chain_once(void **state)
{
    struct trial *trial = *state;
    struct rb_error err = {0};
    RB_AUTO_BUF struct rb_buf before = {0}, after = {0};
    RB_AUTO_FREE char *path = chain_path(trial);
    trial_read(path, &before);
    char first[65];
    memcpy(first, strstr(before.data, "\n{\"first\":\"") + 11, 64);
    first[64] = '\0';
    assert_true(rb_store_chain(trial->store, "r-2", first, &err));
    first[0] = first[0] == 'a' ? 'b' : 'a';
    assert_false(rb_store_chain(trial->store, "r-2", first, &err));
    assert_int_equal(err.code, RB_ERR_RECORD);
    assert_false(rb_store_chain(trial->store, "../x", first, &err));
    assert_int_equal(err.code, RB_ERR_INVALID);
    trial_read(path, &after);
    assert_string_equal(before.data, after.data);
}

static void a_run_that_was_removed_is_missing(void **state)
{
    struct trial *trial = *state;
    struct rb_error err = {0};
    trial_remove(trial_path("%s/runs/r-3", rb_store_path(trial->store)));
    refused(trial, NULL, "run r-3 is missing: it is number 3");
    refused(trial, "r-3", "run r-3 is missing");
    assert_true(rb_store_verify_chain(trial->store, "r-2", &err));
}

static void a_run_with_another_beginning_is_told(void **state)
{
    struct trial *trial = *state;
    RB_AUTO_FREE char *third =
        trial_path("%s/runs/r-3/journal.jsonl", rb_store_path(trial->store));
    RB_AUTO_BUF struct rb_buf other = {0};
    trial_lines(1, 9, &other);
    trial_write(third, other.data, other.length);
    refused(trial, NULL, "run r-3: its journal does not begin with the line");
    trial_write(third, "", 0);
    refused(trial, NULL, "run r-3: its journal does not begin with the line");
    other.data[3] = 'x';
    trial_write(third, other.data, other.length);
    refused(trial, NULL, "run r-3: seq 0 was edited");
}

static void a_run_that_is_not_in_the_chain_is_told(void **state)
{
    struct trial *trial = *state;
    struct rb_error err = {0};
    add_run(trial, "r-5", false);
    refused(trial, NULL, "run r-5 is not in runs.jsonl");
    refused(trial, "r-5", "run r-5 is not in runs.jsonl");
    assert_true(rb_store_verify_chain(trial->store, "r-4", &err));
    RB_AUTO_FREE char *path = chain_path(trial);
    assert_int_equal(unlink(path), 0);
    refused(trial, "r-4", "run r-4 is not in runs.jsonl");
}

static void a_run_without_a_record_needs_no_place_in_it(void **state)
{
    struct trial *trial = *state;
    struct rb_run *run = NULL;
    struct rb_error err = {0};
    assert_true(rb_run_create(trial->store, "r-6", &run, &err));
    rb_run_close(run);
    sound(trial);
}

/* Writes the lines of these numbers, in this order. */
static void forge(struct trial *trial, const char *order)
{
    RB_AUTO_BUF struct rb_buf chain = {0}, forged = {0};
    RB_AUTO_FREE char *path = chain_path(trial);
    trial_read(path, &chain);
    for (; *order; order++) {
        const char *line = chain.data;
        for (int i = 1; i < *order - '0'; i++)
            line = strchr(line, '\n') + 1;
        rb_buf_append(&forged, line, (size_t)(strchr(line, '\n') + 1 - line));
    }
    trial_write(path, forged.data, forged.length);
}

static void a_forged_chain_is_told(void **state)
{
    struct trial *trial = *state;
    RB_AUTO_BUF struct rb_buf chain = {0};
    RB_AUTO_FREE char *path = chain_path(trial);
    trial_read(path, &chain);
    forge(trial, "124");
    refused(trial, NULL, "run number 4 (r-4) stands where 3 was due");
    trial_write(path, chain.data, chain.length);
    forge(trial, "234");
    refused(trial, NULL, "run number 2 (r-2) stands where 1 was due");
    trial_write(path, chain.data, chain.length);
    forge(trial, "1224");
    refused(trial, NULL, "run number 2 (r-2) stands where 3 was due");
    trial_write(path, chain.data, chain.length);
    forge(trial, "123");
    refused(trial, NULL, "run r-4 is not in runs.jsonl");
}

/* A line with a right hash, by someone who does not know what came before it. */
static void a_line_that_follows_something_else_is_told(void **state)
{
    struct trial *trial = *state;
    RB_AUTO_BUF struct rb_buf chain = {0};
    RB_AUTO_FREE char *path = chain_path(trial);
    char hash[RB_DIGEST_HEX + 1];
    trial_read(path, &chain);
    size_t start = chain.length;
    rb_buf_printf(&chain, "{\"first\":\"%s\",\"prev\":\"%s\",\"run\":\"r-5\",\"run_no\":5",
                  RB_LINK_ZERO, RB_LINK_ZERO);
    rb_link_close("runbook.runs.v1", &chain, start, hash);
    trial_write(path, chain.data, chain.length);
    refused(trial, NULL, "run number 5 (r-5) does not follow the line before it");
}

static void a_run_that_is_being_created_needs_no_place_yet(void **state)
{
    struct trial *trial = *state;
    trial_journal(trial, 1);
    sound(trial);
    rb_run_close(trial->run);
    trial->run = NULL;
    refused(trial, NULL, "run " TRIAL_RUN " is not in runs.jsonl");
}

static void no_byte_of_the_chain_can_be_flipped(void **state)
{
    struct trial *trial = *state;
    RB_AUTO_BUF struct rb_buf chain = {0};
    RB_AUTO_FREE char *path = chain_path(trial);
    trial_read(path, &chain);
    /* Of each byte at least one. */
    for (size_t bit = 0; bit < 8 * chain.length; bit += 7) {
        struct rb_error err = {0};
        trial_flip(path, bit);
        assert_false(rb_store_verify_chain(trial->store, NULL, &err));
        trial_flip(path, bit);
    }
    sound(trial);
}

static void a_torn_line_gives_way_to_the_next(void **state)
{
    struct trial *trial = *state;
    RB_AUTO_BUF struct rb_buf chain = {0};
    RB_AUTO_FREE char *path = chain_path(trial);
    trial_read(path, &chain);
    trial_write(path, chain.data, chain.length - 30);
    refused(trial, NULL, "run r-4 is not in runs.jsonl");
    add_run(trial, "r-5", true);
    refused(trial, NULL, "run r-4 is not in runs.jsonl");
    trial_remove(trial_path("%s/runs/r-4", rb_store_path(trial->store)));
    sound(trial);
}

/* A power cut may lose the beginning of a line and keep its end. */
static void a_line_without_its_beginning_gives_way_too(void **state)
{
    struct trial *trial = *state;
    RB_AUTO_BUF struct rb_buf chain = {0};
    RB_AUTO_FREE char *path = chain_path(trial);
    trial_read(path, &chain);
    size_t line = chain.length / 4;
    memset(chain.data + 3 * line, 0, 100);
    trial_write(path, chain.data, chain.length);
    refused(trial, NULL, "run r-4 is not in runs.jsonl");
    add_run(trial, "r-5", true);
    refused(trial, NULL, "run r-4 is not in runs.jsonl");
    trial_remove(trial_path("%s/runs/r-4", rb_store_path(trial->store)));
    sound(trial);
    memset(chain.data + line, 0, 100);
    trial_write(path, chain.data, 3 * line);
    refused(trial, NULL, "run number 2 was edited");
}

static void an_edited_last_line_is_not_gone_on_from(void **state)
{
    struct trial *trial = *state;
    struct rb_error err = {0};
    RB_AUTO_BUF struct rb_buf chain = {0};
    RB_AUTO_FREE char *path = chain_path(trial);
    trial_read(path, &chain);
    chain.data[chain.length - 20] ^= 1;
    trial_write(path, chain.data, chain.length);
    char hash[65];
    memset(hash, 'a', 64);
    hash[64] = '\0';
    assert_false(rb_store_chain(trial->store, "r-9", hash, &err));
    assert_int_equal(err.code, RB_ERR_RECORD);
    assert_false(rb_store_chain(trial->store, "r-4", hash, &err));
}

/* Many at the same time each get a place of their own. */
static void runs_that_begin_at_once_are_all_in_it(void **state)
{
    struct trial *trial = *state;
    enum { PROCESSES = 8, EACH = 5 };
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] != 0)
            continue;
        for (int k = 0; k < EACH; k++) {
            RB_AUTO_FREE char *id = trial_path("r-p%d-%d", i, k);
            add_run(trial, id, true);
        }
        _exit(0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    sound(trial);
    RB_AUTO_BUF struct rb_buf chain = {0};
    RB_AUTO_FREE char *path = chain_path(trial);
    trial_read(path, &chain);
    assert_non_null(strstr(chain.data, "\"run_no\":44,"));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, chain_setup, trial_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_chain_of_runs_is_sound),
        WITH(a_run_is_in_the_chain_once),
        WITH(a_run_that_was_removed_is_missing),
        WITH(a_run_with_another_beginning_is_told),
        WITH(a_run_that_is_not_in_the_chain_is_told),
        WITH(a_run_without_a_record_needs_no_place_in_it),
        WITH(a_forged_chain_is_told),
        WITH(a_line_that_follows_something_else_is_told),
        WITH(a_run_that_is_being_created_needs_no_place_yet),
        WITH(no_byte_of_the_chain_can_be_flipped),
        WITH(a_torn_line_gives_way_to_the_next),
        WITH(a_line_without_its_beginning_gives_way_too),
        WITH(an_edited_last_line_is_not_gone_on_from),
        WITH(runs_that_begin_at_once_are_all_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
