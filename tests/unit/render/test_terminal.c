#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "render/tty.h"
#include "scene.h"
#include "screen_model.h"

/* A terminal with a view on it. */
struct fixture {
    struct scene scene;
    uv_loop_t loop;
    int master, tty;
    struct termios before;
    struct model model;
    struct rb_buf raw, text; /* all bytes so far; what is to be seen */
    int answers;
    const struct rb_value *answer;
};

static void open_terminal(struct fixture *f, int columns, int rows, bool colour)
{
    struct winsize size = {.ws_row = (unsigned short)rows,
                           .ws_col = (unsigned short)columns};
    assert_int_equal(openpty(&f->master, &f->tty, NULL, NULL, &size), 0);
    assert_int_equal(fcntl(f->master, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(tcgetattr(f->tty, &f->before), 0);
    model_init(&f->model, columns, rows);
    uv_loop_init(&f->loop);
    scene_open(&f->scene);
    f->scene.options.loop = &f->loop;
    f->scene.options.colour = colour;
    f->scene.view = rb_view_terminal_new(&f->scene.options, f->tty);
    scene_happen(&f->scene, 0, "run.created", "{\"run\":\"r-1\",\"interactive\":true}");
    scene_happen(&f->scene, 0, "run.started", "{}");
}

static void close_view(struct fixture *f)
{
    if (f->scene.view)
        f->scene.view->ops->close(f->scene.view, f->scene.state, 0);
    f->scene.view = NULL;
    uv_run(&f->loop, UV_RUN_DEFAULT);
}

static int setup(void **state)
{
    setenv("TERM", "xterm", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    *state = rb_alloc(sizeof(struct fixture));
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    close_view(f);
    uv_loop_close(&f->loop);
    if (f->master >= 0)
        close(f->master);
    close(f->tty);
    scene_close(&f->scene);
    model_done(&f->model);
    rb_buf_done(&f->raw);
    rb_buf_done(&f->text);
    rb_value_unref(f->answer);
    free(f);
    return 0;
}

/* Reads what came to the terminal. */
static void receive(struct fixture *f)
{
    char bytes[4096];
    for (ssize_t length; (length = read(f->master, bytes, sizeof bytes)) > 0;)
        rb_buf_append(&f->raw, bytes, (size_t)length);
}

/* Time passes; then what is to be seen. */
static const char *look(struct fixture *f, rb_time after)
{
    size_t start = f->raw.length;
    if (f->scene.view)
        scene_tick(&f->scene, after);
    receive(f);
    const char *term = getenv("TERM");
    if (term && strcmp(term, "dumb") != 0)
        model_feed(&f->model, rb_buf_text(&f->raw) + start, f->raw.length - start);
    return model_text(&f->model, &f->text);
}

static void run_backup(struct fixture *f)
{
    scene_happen(&f->scene, 0, "step.began", "{\"step\":\"backup\"}");
    scene_happen(&f->scene, 0, "effect.intent", "{\"step\":\"backup\",\"attempt\":1}");
}

#define HEAD "run r-1\ndcmms-release in production: Production release of dCMMS\n"

static void the_running_step_is_below_what_is_finished_for_good(void **state)
{
    struct fixture *f = *state;
    open_terminal(f, 80, 24, true);
    run_backup(f);
    scene_output(&f->scene, "backup.1", "err", "one\ntwo\n");
    assert_string_equal(look(f, 42 * RB_SEC), HEAD
                        "▸ backup  Dump the production database   running for 42s of 10m\n"
                        "  │ one\n"
                        "  │ two\n"
                        "  0 of 9 steps done, 9 left · 42s so far · Ctrl-C stops after "
                        "this step\n");
    assert_false(f->model.cursor_shown);
    scene_happen(&f->scene, 18 * RB_SEC, "step.passed",
                 "{\"step\":\"backup\",\"attempts\":1}");
    scene_happen(&f->scene, 0, "run.finished", "{\"status\":\"succeeded\",\"exit\":0}");
    assert_string_equal(look(f, 0),
                        HEAD "✓ backup            1m00s  Dump the production database\n"
                             "✓ succeeded: 1 passed in 1m00s\n");
    assert_true(f->model.cursor_shown);
}

static void a_narrow_terminal_gets_rows_that_are_cut_and_never_wrapped(void **state)
{
    struct fixture *f = *state;
    open_terminal(f, 40, 20, false);
    run_backup(f);
    scene_output(&f->scene, "backup.1", "out",
                 "a line that is longer than forty columns of any terminal\n"
                 "表示幅の広い文字が並ぶ長い行、端末の幅を超えて\n");
    assert_string_equal(look(f, RB_SEC), "run r-1\n"
                                         "dcmms-release in production: Production\n"
                                         "release of dCMMS\n"
                                         "▸ backup  Dump the production database\n"
                                         "  running for 1s of 10m\n"
                                         "  │ a line that is longer than forty c…\n"
                                         "  │ 表示幅の広い文字が並ぶ長い行、端末…\n"
                                         "  0 of 9 steps done, 9 left · 1s so far\n");
}

static void a_low_terminal_keeps_what_it_needs_most(void **state)
{
    struct fixture *f = *state;
    open_terminal(f, 80, 8, false);
    run_backup(f);
    scene_output(&f->scene, "backup.1", "out", "1\n2\n3\n4\n5\n6\n7\n8\n");
    assert_string_equal(look(f, RB_SEC), HEAD
                        "▸ backup  Dump the production database   running for 1s of 10m\n"
                        "  │ 7\n"
                        "  │ 8\n"
                        "  0 of 9 steps done, 9 left · 1s so far · Ctrl-C stops after this "
                        "step\n");
}

static void lines_scroll_off_while_the_region_stays_at_the_bottom(void **state)
{
    struct fixture *f = *state;
    open_terminal(f, 60, 6, true);
    for (int i = 0; i < 9; i++) {
        run_backup(f);
        look(f, RB_SEC);
        scene_happen(&f->scene, 0, "tail.recovered", "{\"bytes\":%d}", i);
        scene_happen(&f->scene, 0, "step.passed", "{\"step\":\"backup\",\"attempts\":1}");
        look(f, 0);
    }
    scene_happen(&f->scene, 0, "run.finished", "{\"status\":\"succeeded\",\"exit\":0}");
    const char *text = look(f, 0);
    int bytes = 0, passed = 0, lines = 0;
    for (const char *at = text; (at = strstr(at, "bytes were put aside")); at++)
        bytes++;
    for (const char *at = text; (at = strstr(at, "✓ backup")); at++)
        passed++;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    assert_int_equal(bytes, 9);
    assert_int_equal(passed, 9);
    assert_null(strstr(text, "steps done"));
    assert_null(strstr(text, "running for"));
    assert_int_equal(lines, 2 + 9 + 9 + 1);
}

static void a_gate_shows_its_attempts_and_what_the_last_one_found(void **state)
{
    struct fixture *f = *state;
    open_terminal(f, 100, 24, false);
    scene_happen(&f->scene, 0, "step.began", "{\"step\":\"replica\"}");
    scene_happen(&f->scene, 0, "eval.result",
                 "{\"step\":\"replica\",\"phase\":\"gate\",\"items\":[{\"name\":\"lag\","
                 "\"verdict\":\"fails\",\"why\":\"12 MB > 1 MB\"}]}");
    scene_happen(&f->scene, 0, "gate.waiting",
                 "{\"step\":\"replica\",\"polls\":1,\"verdict\":\"fails\",\"at\":%lld}",
                 (long long)f->scene.utc + 5 * RB_SEC);
    assert_non_null(strstr(look(f, 2 * RB_SEC),
                           "◦ replica  The replica caught up   2s, attempt 1, "
                           "next in 3s, last: 12 MB > 1 MB\n"));
    assert_non_null(
        strstr(look(f, 5 * RB_SEC),
               "replica  The replica caught up   7s, attempt 2, last: 12 MB > 1 MB\n"));
}

static void a_step_that_is_tried_again_shows_why(void **state)
{
    struct fixture *f = *state;
    open_terminal(f, 120, 24, false);
    run_backup(f);
    scene_happen(
        &f->scene, RB_SEC, "attempt.failed",
        "{\"step\":\"backup\",\"attempt\":1,\"reason\":\"status\",\"why\":\"status "
        "503, expected 2xx\"}");
    scene_happen(&f->scene, 0, "retry.scheduled",
                 "{\"step\":\"backup\",\"attempt\":2,\"at\":%lld}",
                 (long long)f->scene.utc + 5 * RB_SEC);
    assert_non_null(strstr(look(f, RB_SEC), " in 4s, last: status 503, expected 2xx\n"));
}

static void nothing_that_a_child_or_a_person_wrote_acts_on_the_terminal(void **state)
{
    struct fixture *f = *state;
    open_terminal(f, 120, 24, false);
    run_backup(f);
    scene_output(&f->scene, "backup.1", "out",
                 "\033[2J\033]0;t\a\033]8;;u\033\\\033]52;c;eA==\a\033P1$r\033\\"
                 "\xc2\x9b"
                 "2J\b\xe2\x80\xae\xff\nsecret\rcover\n");
    const char *text = look(f, 0);
    assert_non_null(strstr(text,
                           "│ \\e[2J\\e]0;t\\x07\\e]8;;u\\e\\\\e]52;c;eA==\\x07\\eP1$r\\e\\"
                           "\\u009b2J\\x08\\u202e\\xff\n"));
    assert_non_null(strstr(text, "│ secret\\r\n  │ cover\n"));
    scene_happen(
        &f->scene, 0, "attempt.failed",
        "{\"step\":\"backup\",\"attempt\":1,\"reason\":\"exit\",\"why\":\"a\\u001b[2J"
        "\\u0007\\u009b\\u202eb\"}");
    scene_happen(&f->scene, 0, "run.finished",
                 "{\"status\":\"failed\",\"step\":\"backup\",\"why\":\"a\\u001b[2Jb\"}");
    text = look(f, 0);
    assert_non_null(strstr(text, ": a\\e[2J\\x07\\u009b\\u202eb\n"));
    assert_non_null(strstr(text, "✗ failed at backup: a\\e[2Jb; "));
}

static void without_colour_there_is_none_and_with_it_it_is_never_alone(void **state)
{
    struct fixture *f = *state;
    open_terminal(f, 80, 24, false);
    run_backup(f);
    look(f, 0);
    for (const char *at = rb_buf_text(&f->raw); (at = strstr(at, "\033[")); at++) {
        size_t length = 2 + strspn(at + 2, "0123456789;?");
        assert_int_not_equal(at[length], 'm');
    }
}

static void a_terminal_that_is_not_utf8_gets_ascii_only(void **state)
{
    struct fixture *f = *state;
    setenv("LC_ALL", "C", 1);
    open_terminal(f, 80, 24, true);
    run_backup(f);
    scene_output(&f->scene, "backup.1", "out", "é\n");
    scene_happen(&f->scene, 0, "step.passed", "{\"step\":\"backup\",\"attempts\":1}");
    run_backup(f);
    const char *text = look(f, 0);
    for (const char *at = rb_buf_text(&f->raw); *at; at++)
        assert_true((unsigned char)*at < 0x80);
    assert_non_null(strstr(text, "ok   backup"));
    assert_non_null(strstr(text, "run  backup"));
    assert_non_null(strstr(text, "  | \\u00e9\n"));
}

/* Questions */

static void answered(void *context, const struct rb_value *answer)
{
    struct fixture *f = context;
    f->answers++;
    rb_value_unref(f->answer);
    f->answer = rb_value_ref(answer);
}

static void ask(struct fixture *f)
{
    scene_happen(&f->scene, 0, "step.began", "{\"step\":\"release-ok\"}");
    scene_happen(&f->scene, 0, "question.asked",
                 "{\"step\":\"release-ok\",\"q\":0,\"kind\":\"confirm\",\"text\":\"Release "
                 "it?\"}");
    f->scene.view->ops->ask(
        f->scene.view, rb_state_current(f->scene.state)->active->question, answered, f);
}

static void type(struct fixture *f, const char *keys)
{
    struct pollfd typed = {.fd = f->tty, .events = POLLIN};
    assert_int_equal(write(f->master, keys, strlen(keys)), strlen(keys));
    assert_int_equal(poll(&typed, 1, 2000), 1);
    uv_run(&f->loop, UV_RUN_NOWAIT);
}

static void a_question_is_answered_by_what_is_typed_after_it_was_asked(void **state)
{
    struct fixture *f = *state;
    open_terminal(f, 80, 24, false);
    type(f, "y\ny\n");
    ask(f);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_int_equal(f->answers, 0);
    assert_string_equal(look(f, 0), HEAD "? release-ok: Release it?\n"
                                         "    y yes   n no   o note…   ? help\n"
                                         "  >\n");
    assert_true(f->model.cursor_shown);
    assert_int_equal(f->model.x, 4);
    type(f, "yx\x7f");
    assert_non_null(strstr(look(f, 0), "  > y\n"));
    assert_int_equal(f->answers, 0);
    type(f, "\r");
    assert_int_equal(f->answers, 1);
    assert_string_equal(rb_value_get_text(f->answer, "answer", ""), "yes");
    assert_null(strstr(look(f, 0), "  >"));
}

static void a_paste_of_many_lines_is_not_an_answer(void **state)
{
    struct fixture *f = *state;
    open_terminal(f, 80, 24, false);
    ask(f);
    type(f, "y\ny\nn\n");
    assert_int_equal(f->answers, 0);
    assert_non_null(strstr(look(f, 0), "\"y y n\" is none of y, n, o, ?"));
}

static void ctrl_d_leaves_the_question_open(void **state)
{
    struct fixture *f = *state;
    open_terminal(f, 80, 24, false);
    ask(f);
    type(f, "\x04");
    assert_int_equal(f->answers, 1);
    assert_null(f->answer);
}

static void a_terminal_that_went_away_answers_nothing(void **state)
{
    struct fixture *f = *state;
    open_terminal(f, 80, 24, false);
    ask(f);
    close(f->master);
    f->master = -1;
    uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_int_equal(f->answers, 1);
    assert_null(f->answer);
}

static void a_question_that_is_off_takes_no_answer(void **state)
{
    struct fixture *f = *state;
    open_terminal(f, 80, 24, false);
    ask(f);
    f->scene.view->ops->unask(f->scene.view);
    assert_false(uv_loop_alive(&f->loop));
    type(f, "y\n");
    assert_int_equal(f->answers, 0);
    assert_null(strstr(look(f, 0), "  >"));
}

static void a_question_taller_than_the_screen_is_still_shown_whole(void **state)
{
    struct fixture *f = *state;
    open_terminal(f, 40, 8, false);
    ask(f);
    type(f, "?\n");
    const char *text = look(f, 0);
    assert_non_null(strstr(text, "? release-ok: Release it?\n"));
    assert_non_null(strstr(text, "    ? help: these lines\n  >\n"));
    type(f, "o a");
    assert_non_null(strstr(look(f, 0), "    ? help: these lines\n  > o a\n"));
}

static void a_long_line_being_typed_shows_its_end(void **state)
{
    struct fixture *f = *state;
    open_terminal(f, 40, 10, false);
    ask(f);
    type(f, "o 0123456789012345678901234567890123456789表");
    assert_non_null(strstr(look(f, 0), "\n  > …9012345678901234567890123456789表\n"));
    assert_int_equal(f->model.x, 38);
}

/* Modes */

static void assert_modes_are_back(struct fixture *f)
{
    struct termios now;
    assert_int_equal(tcgetattr(f->tty, &now), 0);
    assert_int_equal(now.c_lflag, f->before.c_lflag);
    assert_int_equal(now.c_iflag, f->before.c_iflag);
    assert_memory_equal(now.c_cc, f->before.c_cc, sizeof now.c_cc);
}

static void nothing_is_echoed_and_signals_stay_on_until_the_end(void **state)
{
    struct fixture *f = *state;
    struct termios now;
    open_terminal(f, 80, 24, false);
    assert_int_equal(tcgetattr(f->tty, &now), 0);
    assert_int_equal(now.c_lflag & (ECHO | ICANON), 0);
    assert_int_not_equal(now.c_lflag & ISIG, 0);
    close_view(f);
    assert_modes_are_back(f);
}

static void a_crash_gives_the_terminal_back(void **state)
{
    struct fixture *f = *state;
    open_terminal(f, 80, 24, false);
    look(f, 0);
    rb_terminal_restore();
    assert_modes_are_back(f);
    look(f, 0);
    assert_true(f->model.cursor_shown);
}

static void a_terminal_without_cursor_movement_gets_lines_only(void **state)
{
    struct fixture *f = *state;
    setenv("TERM", "dumb", 1);
    open_terminal(f, 80, 24, false);
    run_backup(f);
    look(f, RB_SEC);
    scene_happen(&f->scene, 0, "step.passed", "{\"step\":\"backup\",\"attempts\":1}");
    ask(f);
    type(f, "y\n");
    assert_int_equal(f->answers, 1);
    close_view(f);
    receive(f);
    assert_null(strchr(rb_buf_text(&f->raw), '\033'));
    assert_non_null(strstr(rb_buf_text(&f->raw), "? release-ok: Release it?\r\r\n"));
    assert_null(strstr(rb_buf_text(&f->raw), "running for"));
}

static void a_terminal_that_takes_nothing_does_not_hold_up_the_run(void **state)
{
    struct fixture *f = *state;
    open_terminal(f, 80, 24, false);
    run_backup(f);
    for (int i = 0; i < 3000; i++) {
        scene_happen(&f->scene, 0, "tail.recovered", "{\"bytes\":%d}", i);
        scene_tick(&f->scene, RB_SEC);
    }
    const char *text = "";
    for (int i = 0; i < 200 && !strstr(text, ": 2999 bytes"); i++)
        text = look(f, 0);
    assert_non_null(strstr(text, "◦ the record ended inside a line: 2999 bytes were put"));
    assert_non_null(strstr(text, ": 1500 bytes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(the_running_step_is_below_what_is_finished_for_good),
        TEST(a_narrow_terminal_gets_rows_that_are_cut_and_never_wrapped),
        TEST(a_low_terminal_keeps_what_it_needs_most),
        TEST(lines_scroll_off_while_the_region_stays_at_the_bottom),
        TEST(a_gate_shows_its_attempts_and_what_the_last_one_found),
        TEST(a_step_that_is_tried_again_shows_why),
        TEST(nothing_that_a_child_or_a_person_wrote_acts_on_the_terminal),
        TEST(without_colour_there_is_none_and_with_it_it_is_never_alone),
        TEST(a_terminal_that_is_not_utf8_gets_ascii_only),
        TEST(a_question_is_answered_by_what_is_typed_after_it_was_asked),
        TEST(a_paste_of_many_lines_is_not_an_answer),
        TEST(ctrl_d_leaves_the_question_open),
        TEST(a_terminal_that_went_away_answers_nothing),
        TEST(a_question_that_is_off_takes_no_answer),
        TEST(a_question_taller_than_the_screen_is_still_shown_whole),
        TEST(a_long_line_being_typed_shows_its_end),
        TEST(nothing_is_echoed_and_signals_stay_on_until_the_end),
        TEST(a_crash_gives_the_terminal_back),
        TEST(a_terminal_without_cursor_movement_gets_lines_only),
        TEST(a_terminal_that_takes_nothing_does_not_hold_up_the_run),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
