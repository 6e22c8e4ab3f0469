#include "trial.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "journal/blob.h"
#include "journal/verify.h"

enum { CHAIN, STRUCTURE, DECISIONS, EVIDENCE, APPROVALS, SEAL, ANCHORS };

static const char plan[] = "{\"plan\":true}";
static const char source[] = "steps: []\n";

static const struct rb_value *digest_of(const char *text)
{
    char hex[RB_DIGEST_HEX + 1];
    rb_digest_of(text, strlen(text), hex);
    return rb_value_textf("sha256:%s", hex);
}

static const struct rb_value *source_of(const char *name, const char *text)
{
    return rb_value_map("name", rb_value_text(name), "sha256", digest_of(text), "bytes",
                        rb_value_int((int64_t)strlen(text)), NULL);
}

static const struct rb_value *created(const char *run)
{
    return rb_value_map("run", rb_value_text(run), "nonce", rb_value_text("00ff"), "plan",
                        digest_of(plan), "sources",
                        rb_value_list(source_of("a.yaml", source), NULL), NULL);
}

static const struct rb_value *finished(void)
{
    return rb_value_map("status", rb_value_text("succeeded"), "exit", rb_value_int(0),
                        NULL);
}

struct record {
    struct trial *trial;
    struct rb_writer *writer;
    int64_t tick;
};

static void add(struct record *record, enum rb_event_type type,
                const struct rb_value *owned)
{
    trial_append(record->writer, type, ++record->tick, owned);
}

static void begin(struct record *record, struct trial *trial)
{
    struct rb_error err = {0};
    *record = (struct record){.trial = trial};
    assert_true(rb_run_put(trial->run, NULL, "plan.json", plan, strlen(plan), &err));
    assert_true(rb_run_put(trial->run, "sources", "a.yaml", source, strlen(source), &err));
    assert_true(rb_writer_create(trial->run, &record->writer, &err));
    add(record, RB_EV_RUN_CREATED, created(TRIAL_RUN));
    add(record, RB_EV_RUN_STARTED, rb_value_map(NULL));
}

static void end(struct record *record)
{
    struct rb_error err = {0};
    assert_true(rb_writer_flush(record->writer, true, &err));
    rb_writer_close(record->writer);
    record->writer = NULL;
}

/* Goes on as a resumed run does. */
static void again(struct record *record)
{
    struct rb_error err = {0};
    struct rb_reader *reader = NULL;
    const struct rb_record *one = NULL;
    const struct rb_value *torn = NULL;
    end(record);
    assert_true(rb_reader_open(record->trial->run->dir, &reader, &err));
    while (rb_reader_next(reader, &one, &err) == RB_READ_RECORD)
        ;
    assert_true(rb_writer_resume(record->trial->run, reader, &record->writer, &torn, &err));
    rb_reader_free(reader);
}

/* As the program does, where the decisions could be derived. */
static struct rb_verification verify(struct trial *trial)
{
    struct rb_verification v;
    rb_verify_run(trial->run, &v);
    assert_int_not_equal(v.exit, 0);
    v.levels[DECISIONS].finding = RB_FINDING_PASS;
    rb_verify_conclude(&v);
    return v;
}

static void expect(struct trial *trial, int status, int level, enum rb_finding finding,
                   const char *text)
{
    struct rb_verification v = verify(trial);
    if (v.exit != status || v.levels[level].finding != finding ||
        !strstr(v.levels[level].text, text))
        fail_msg("exit %d, %s %d: %s", v.exit, v.levels[level].name,
                 v.levels[level].finding, v.levels[level].text);
}

static void a_complete_record_is_sound(void **state)
{
    struct trial *trial = *state;
    struct record record;
    char hex[65];
    struct rb_error err = {0};
    begin(&record, trial);
    assert_true(rb_blob_put(trial->run->dir, "output", 6, hex, &err));
    for (int i = 0; i < 2; i++)
        add(&record, RB_EV_EFFECT_RESULT,
            rb_value_map("out", rb_blob_reference(hex, 6, 3), NULL));
    add(&record, RB_EV_RUN_FINISHED, finished());
    end(&record);
    struct rb_verification v = verify(trial);
    assert_int_equal(v.exit, 0);
    assert_true(v.finished);
    assert_int_equal(v.events, 5);
    static const char *const names[] = {"CHAIN",     "STRUCTURE", "DECISIONS", "EVIDENCE",
                                        "APPROVALS", "SEAL",      "ANCHORS"};
    for (int i = 0; i < 7; i++) {
        assert_string_equal(v.levels[i].name, names[i]);
        assert_int_equal(v.levels[i].finding,
                         i < APPROVALS ? RB_FINDING_PASS : RB_FINDING_ABSENT);
        assert_true(i == DECISIONS || v.levels[i].text[0] != '\0');
    }
    assert_non_null(strstr(v.levels[CHAIN].text, "5 events"));
    assert_non_null(strstr(v.levels[STRUCTURE].text, "1 writer, times in order, 2 stored"));
    assert_non_null(strstr(v.levels[EVIDENCE].text, "recorded: 1, named 2 times"));
    assert_non_null(strstr(v.levels[EVIDENCE].text, "6 bytes of output were not kept"));
}

static void what_is_absent_never_passes(void **state)
{
    struct trial *trial = *state;
    struct rb_verification v;
    rb_verify_run(trial->run, &v);
    assert_int_equal(v.exit, 9);
    for (int i = 0; i < 7; i++)
        assert_int_equal(v.levels[i].finding, RB_FINDING_ABSENT);
    struct record record;
    begin(&record, trial);
    add(&record, RB_EV_RUN_FINISHED, finished());
    end(&record);
    rb_verify_run(trial->run, &v);
    assert_int_equal(v.levels[DECISIONS].finding, RB_FINDING_ABSENT);
    assert_int_equal(v.exit, 9);
    v.levels[DECISIONS].finding = RB_FINDING_FAIL;
    rb_verify_conclude(&v);
    assert_int_equal(v.exit, 7);
}

static void an_empty_journal_is_not_sound(void **state)
{
    struct trial *trial = *state;
    trial_journal(trial, 0);
    expect(trial, 9, CHAIN, RB_FINDING_ABSENT, "there is no event");
    expect(trial, 9, STRUCTURE, RB_FINDING_ABSENT, "there is no event");
}

static void an_open_record_is_open(void **state)
{
    struct trial *trial = *state;
    struct record record;
    begin(&record, trial);
    end(&record);
    expect(trial, 9, CHAIN, RB_FINDING_PASS,
           "2 events, each bound to the one before it; the "
           "run has not ended");
    assert_false(verify(trial).finished);
}

static void journal_bytes(struct trial *trial, struct rb_buf *out)
{
    RB_AUTO_FREE char *path = trial_path("%s/journal.jsonl", trial->run->path);
    trial_read(path, out);
}

static void set_journal(struct trial *trial, const char *bytes, size_t length)
{
    RB_AUTO_FREE char *path = trial_path("%s/journal.jsonl", trial->run->path);
    trial_write(path, bytes, length);
}

static void a_record_cut_anywhere_is_open(void **state)
{
    struct trial *trial = *state;
    struct record record;
    RB_AUTO_BUF struct rb_buf bytes = {0};
    begin(&record, trial);
    add(&record, RB_EV_RUN_FINISHED, finished());
    end(&record);
    journal_bytes(trial, &bytes);
    assert_int_equal(verify(trial).exit, 0);
    for (size_t length = 0; length < bytes.length; length++) {
        set_journal(trial, bytes.data, length);
        assert_int_equal(verify(trial).exit, 9);
    }
    rb_buf_append(&bytes, "\0\0\0\0", 4);
    set_journal(trial, bytes.data, bytes.length);
    assert_false(verify(trial).finished);
    expect(trial, 9, CHAIN, RB_FINDING_ABSENT,
           "3 events hold, then the record ends inside a "
           "line: the last 4 bytes tell nothing");
}

static void a_flipped_bit_is_forgery(void **state)
{
    struct trial *trial = *state;
    struct record record;
    RB_AUTO_BUF struct rb_buf bytes = {0};
    RB_AUTO_FREE char *path = trial_path("%s/journal.jsonl", trial->run->path);
    begin(&record, trial);
    add(&record, RB_EV_RUN_FINISHED, finished());
    end(&record);
    journal_bytes(trial, &bytes);
    /* Of each byte at least one; test_reader and test_line flip them all. */
    for (size_t bit = 0; bit < 8 * bytes.length; bit += 7) {
        bool last = bit / 8 == bytes.length - 1;
        trial_flip(path, bit);
        assert_int_equal(verify(trial).exit, last ? 9 : 7);
        trial_flip(path, bit);
    }
    bytes.data[10] ^= 1;
    set_journal(trial, bytes.data, bytes.length);
    expect(trial, 7, CHAIN, RB_FINDING_FAIL, "seq 0 was edited");
    expect(trial, 7, EVIDENCE, RB_FINDING_ABSENT,
           "no further than the chain holds: 0 events");
}

static void a_missing_blob_is_absent_and_a_changed_one_forged(void **state)
{
    struct trial *trial = *state;
    struct record record;
    char hex[65];
    struct rb_error err = {0};
    begin(&record, trial);
    assert_true(rb_blob_put(trial->run->dir, "output", 6, hex, &err));
    add(&record, RB_EV_EVAL_RESULT,
        rb_value_map(
            "evidence",
            rb_value_list(
                rb_value_map("outcome",
                             rb_value_map("out", rb_blob_reference(hex, 6, 0), NULL), NULL),
                NULL),
            NULL));
    add(&record, RB_EV_RUN_FINISHED, finished());
    end(&record);
    assert_int_equal(verify(trial).exit, 0);
    RB_AUTO_FREE char *path = trial_path("%s/blobs/sha256/%s", trial->run->path, hex);
    assert_int_equal(chmod(path, 0600), 0);
    trial_write(path, "OUTPUT", 6);
    expect(trial, 7, EVIDENCE, RB_FINDING_FAIL, "seq 2 names it: blob");
    assert_int_equal(unlink(path), 0);
    expect(trial, 9, EVIDENCE, RB_FINDING_ABSENT, "(1 of 1 are missing)");
}

static void a_blob_of_another_size_is_forged(void **state)
{
    struct trial *trial = *state;
    struct record record;
    char hex[65];
    struct rb_error err = {0};
    begin(&record, trial);
    assert_true(rb_blob_put(trial->run->dir, "output", 6, hex, &err));
    add(&record, RB_EV_EFFECT_RESULT,
        rb_value_map("err", rb_blob_reference(hex, 6, 0), "out",
                     rb_blob_reference(hex, 7, 0), NULL));
    add(&record, RB_EV_RUN_FINISHED, finished());
    end(&record);
    expect(trial, 7, EVIDENCE, RB_FINDING_FAIL, "6 bytes, not 7");
}

static void what_only_looks_like_a_reference_is_a_value(void **state)
{
    struct trial *trial = *state;
    struct record record;
    begin(&record, trial);
    add(&record, RB_EV_STEP_PASSED,
        rb_value_map("outputs", rb_value_map("blob", rb_value_text("water"), NULL), NULL));
    add(&record, RB_EV_STEP_PASSED,
        rb_value_map("blob", digest_of(""), "bytes", rb_value_int(0), NULL));
    add(&record, RB_EV_STEP_PASSED,
        rb_value_map("blob", digest_of(""), "bytes", rb_value_int(0), "colour",
                     rb_value_text("blue"), "lost", rb_value_int(0), NULL));
    add(&record, RB_EV_RUN_FINISHED, finished());
    end(&record);
    expect(trial, 0, EVIDENCE, RB_FINDING_PASS, "no event names a blob");
}

static void change(const struct trial *trial, const char *name, const char *text)
{
    RB_AUTO_FREE char *path = trial_path("%s/%s", trial->run->path, name);
    assert_int_equal(chmod(path, 0600), 0);
    trial_write(path, text, strlen(text));
}

static void stored_files_are_as_recorded(void **state)
{
    struct trial *trial = *state;
    struct record record;
    begin(&record, trial);
    add(&record, RB_EV_RUN_FINISHED, finished());
    end(&record);
    change(trial, "plan.json", "{}");
    expect(trial, 7, STRUCTURE, RB_FINDING_FAIL, "plan.json was changed");
    change(trial, "plan.json", plan);
    change(trial, "sources/a.yaml", "steps: [x]\n");
    expect(trial, 7, STRUCTURE, RB_FINDING_FAIL, "a.yaml was changed");
    change(trial, "sources/a.yaml", source);
    assert_int_equal(verify(trial).exit, 0);
    assert_int_equal(unlinkat(trial->run->dir, "sources/a.yaml", 0), 0);
    expect(trial, 9, STRUCTURE, RB_FINDING_ABSENT, "there is no sources/a.yaml");
    assert_int_equal(unlinkat(trial->run->dir, "plan.json", 0), 0);
    expect(trial, 9, STRUCTURE, RB_FINDING_ABSENT, "there is no plan.json");
}

/* A journal of one event that is not as a first event should be. */
static void first_event(struct trial *trial, enum rb_event_type type,
                        const struct rb_value *owned, const char *why)
{
    struct rb_writer *writer = NULL;
    struct rb_error err = {0};
    unlinkat(trial->run->dir, "journal.jsonl", 0);
    unlinkat(trial->run->dir, "plan.json", 0);
    assert_true(rb_run_put(trial->run, NULL, "plan.json", plan, strlen(plan), &err));
    assert_true(rb_writer_create(trial->run, &writer, &err));
    trial_append(writer, type, 1, owned);
    assert_true(rb_writer_flush(writer, true, &err));
    rb_writer_close(writer);
    expect(trial, 7, STRUCTURE, RB_FINDING_FAIL, why);
}

static void a_run_of_no_source_is_not_sound(void **state)
{
    struct trial *trial = *state;
    struct rb_error err = {0};
    struct rb_writer *writer = NULL;
    assert_true(rb_run_put(trial->run, NULL, "plan.json", plan, strlen(plan), &err));
    assert_true(rb_writer_create(trial->run, &writer, &err));
    trial_append(
        writer, RB_EV_RUN_CREATED, 1,
        rb_value_map("run", rb_value_text(TRIAL_RUN), "plan", digest_of(plan), NULL));
    trial_append(writer, RB_EV_RUN_FINISHED, 2, finished());
    assert_true(rb_writer_flush(writer, true, &err));
    rb_writer_close(writer);
    expect(trial, 9, STRUCTURE, RB_FINDING_ABSENT, "seq 0 names no source");
}

static void a_record_begins_with_its_run(void **state)
{
    struct trial *trial = *state;
    first_event(trial, RB_EV_RUN_STARTED, rb_value_map(NULL), "seq 0 is run.started");
    first_event(trial, RB_EV_RUN_CREATED, created("r-other"), "of the run r-other");
    first_event(trial, RB_EV_RUN_CREATED,
                rb_value_map("run", rb_value_text(TRIAL_RUN), "plan", digest_of(plan),
                             "sources", rb_value_list(source_of("../lock", ""), NULL),
                             NULL),
                "is not the name of a file");
    first_event(trial, RB_EV_RUN_CREATED,
                rb_value_map("run", rb_value_text(TRIAL_RUN), NULL),
                "plan.json was changed");
}

static void a_copy_under_another_id_is_not_that_run(void **state)
{
    struct trial *trial = *state;
    struct record record;
    struct rb_run *copy = NULL;
    struct rb_error err = {0};
    RB_AUTO_FREE char *other = trial_path("%s/runs/r-copy", rb_store_path(trial->store));
    begin(&record, trial);
    add(&record, RB_EV_RUN_FINISHED, finished());
    end(&record);
    assert_int_equal(rename(trial->run->path, other), 0);
    assert_true(rb_run_open(trial->store, "r-copy", &copy, &err));
    struct rb_verification v;
    rb_verify_run(copy, &v);
    assert_int_equal(v.exit, 7);
    assert_non_null(strstr(v.levels[STRUCTURE].text, "the journal of another run"));
    rb_run_close(copy);
}

static void resumed_runs_have_writers_one_after_the_other(void **state)
{
    struct trial *trial = *state;
    struct record record;
    begin(&record, trial);
    again(&record);
    record.tick = -50; /* another boot */
    add(&record, RB_EV_RUN_RESUMED, rb_value_map(NULL));
    again(&record);
    add(&record, RB_EV_TAIL_RECOVERED, rb_value_map(NULL));
    add(&record, RB_EV_RUN_RESUMED, rb_value_map(NULL));
    add(&record, RB_EV_RUN_FINISHED, finished());
    end(&record);
    expect(trial, 0, STRUCTURE, RB_FINDING_PASS, "3 writers");
}

static void a_writer_that_does_not_say_it_begins_is_told(void **state)
{
    struct trial *trial = *state;
    struct record record;
    begin(&record, trial);
    again(&record);
    add(&record, RB_EV_RUN_FINISHED, finished());
    end(&record);
    expect(trial, 7, STRUCTURE, RB_FINDING_FAIL,
           "seq 2: writer 2 begins with run.finished");
}

static void a_skipped_writer_is_told(void **state)
{
    struct trial *trial = *state;
    struct record record;
    begin(&record, trial);
    again(&record);
    again(&record);
    end(&record);
    /* No writer takes the number after the next: a forger does. */
    RB_AUTO_BUF struct rb_buf bytes = {0};
    journal_bytes(trial, &bytes);
    struct rb_record forged = {.seq = 2, .writer = 3};
    forged.event = trial_event(RB_EV_RUN_RESUMED, 9, rb_value_map(NULL));
    memcpy(forged.prev, bytes.data + bytes.length - 3 - RB_HASH_HEX, RB_HASH_HEX);
    rb_line_encode(&forged, &bytes);
    rb_record_done(&forged);
    set_journal(trial, bytes.data, bytes.length);
    expect(trial, 7, STRUCTURE, RB_FINDING_FAIL,
           "seq 2 is by writer 3, and before it wrote 1");
}

static void a_resumption_in_the_midst_of_a_writer_is_told(void **state)
{
    struct trial *trial = *state;
    struct record record;
    begin(&record, trial);
    add(&record, RB_EV_RUN_RESUMED, rb_value_map(NULL));
    add(&record, RB_EV_RUN_FINISHED, finished());
    end(&record);
    expect(trial, 7, STRUCTURE, RB_FINDING_FAIL,
           "seq 2: run.resumed in the midst of writer 1");
}

static void a_second_beginning_is_told(void **state)
{
    struct trial *trial = *state;
    struct record record;
    begin(&record, trial);
    add(&record, RB_EV_RUN_CREATED, created(TRIAL_RUN));
    end(&record);
    expect(trial, 7, STRUCTURE, RB_FINDING_FAIL, "run.created in the midst of writer 1");
}

static void time_does_not_go_back_under_one_writer(void **state)
{
    struct trial *trial = *state;
    struct record record;
    begin(&record, trial);
    record.tick = -10;
    add(&record, RB_EV_RUN_FINISHED, finished());
    end(&record);
    expect(trial, 7, STRUCTURE, RB_FINDING_FAIL, "seq 2 is of an earlier time");
}

static void a_clock_that_was_set_back_is_told(void **state)
{
    struct trial *trial = *state;
    struct record record;
    begin(&record, trial);
    RB_AUTO_VALUE const struct rb_value *d = finished();
    struct rb_event event = trial_event(RB_EV_RUN_FINISHED, 50, d);
    event.utc -= 3600 * RB_SEC;
    rb_writer_append(record.writer, &event, NULL);
    end(&record);
    expect(trial, 0, STRUCTURE, RB_FINDING_PASS, "; the clock was set back 1 time");
}

static void what_a_record_says_can_not_act_on_a_terminal(void **state)
{
    struct trial *trial = *state;
    first_event(trial, RB_EV_RUN_CREATED, created("\x1b[2J"), "of the run \\e[2J");
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, trial_setup, trial_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_complete_record_is_sound),
        WITH(what_is_absent_never_passes),
        WITH(an_empty_journal_is_not_sound),
        WITH(an_open_record_is_open),
        WITH(a_record_cut_anywhere_is_open),
        WITH(a_flipped_bit_is_forgery),
        WITH(a_missing_blob_is_absent_and_a_changed_one_forged),
        WITH(a_blob_of_another_size_is_forged),
        WITH(what_only_looks_like_a_reference_is_a_value),
        WITH(stored_files_are_as_recorded),
        WITH(a_run_of_no_source_is_not_sound),
        WITH(a_record_begins_with_its_run),
        WITH(a_copy_under_another_id_is_not_that_run),
        WITH(resumed_runs_have_writers_one_after_the_other),
        WITH(a_writer_that_does_not_say_it_begins_is_told),
        WITH(a_skipped_writer_is_told),
        WITH(a_resumption_in_the_midst_of_a_writer_is_told),
        WITH(a_second_beginning_is_told),
        WITH(time_does_not_go_back_under_one_writer),
        WITH(a_clock_that_was_set_back_is_told),
        WITH(what_a_record_says_can_not_act_on_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
