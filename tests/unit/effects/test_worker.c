/* Real worker processes that run C in place of Lua: what the interpreter's end does with one
 * that works, hangs, dies, talks rubbish. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the above first */
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/json.h"
#include "effects/frame.h"
#include "effects/worker.h"
#include "fakes.h"

/* What the interpreter was told. */
struct told {
    uv_loop_t loop;
    struct rb_worker *worker;
    int asked, done;
    char *outcome;
    bool free_when_asked, again_when_done;
    const struct rb_value *job;
};

static char *text_of(const struct rb_value *value)
{
    struct rb_buf text = {0};
    rb_json_encode(value, &text);
    return rb_buf_take(&text);
}

static void asked(void *context, const struct rb_value *requests)
{
    struct told *told = context;
    told->asked++;
    if (told->free_when_asked) {
        rb_worker_free(told->worker);
        told->worker = NULL;
        return;
    }
    struct rb_list_builder list = {0};
    for (size_t i = 0; i < rb_value_count(requests); i++) {
        const struct rb_value *call = rb_value_get(rb_value_at(requests, i), "call");
        rb_list_add(&list, rb_value_map("exit", rb_value_int(told->asked + (int)i), "call",
                                        rb_value_ref(call), NULL));
    }
    RB_AUTO_VALUE const struct rb_value *outcomes = rb_list_end(&list);
    rb_worker_answer(told->worker, outcomes);
}

static void done(void *context, const struct rb_value *outcome)
{
    struct told *told = context;
    told->done++;
    free(told->outcome);
    told->outcome = text_of(outcome);
    if (told->again_when_done) {
        told->again_when_done = false;
        assert_true(rb_worker_run(told->worker, told->job, NULL));
    }
}

static void set_up(struct told *told, rb_worker_main *main, int64_t time_us)
{
    memset(told, 0, sizeof *told);
    assert_int_equal(uv_loop_init(&told->loop), 0);
    struct rb_worker_events events = {told, asked, done};
    told->worker = rb_worker_new(&told->loop, main, -1, &events);
    told->job = fake_job(time_us);
}

static void tear_down(struct told *told)
{
    rb_worker_free(told->worker);
    uv_run(&told->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&told->loop), 0);
    rb_value_unref(told->job);
    free(told->outcome);
}

static void run(struct told *told)
{
    assert_true(rb_worker_run(told->worker, told->job, NULL));
    uv_run(&told->loop, UV_RUN_DEFAULT);
}

static void a_worker_serves_one_job_after_another(void **state)
{
    (void)state;
    struct told told;
    set_up(&told, fake_honest, 5 * RB_SEC);
    run(&told);
    assert_int_equal(told.done, 1);
    char *first = strdup(told.outcome);
    assert_non_null(strstr(first, "\"verdict\":\"fails\",\"why\":\"pid "));
    told.again_when_done = true;
    run(&told);
    assert_int_equal(told.done, 3);
    assert_string_equal(told.outcome, first);
    free(first);
    tear_down(&told);
}

static void a_worker_that_hangs_is_ended_at_its_limit(void **state)
{
    (void)state;
    struct told told;
    set_up(&told, fake_hangs, 200 * RB_MS);
    uint64_t begin = uv_hrtime();
    run(&told);
    uint64_t spent = (uv_hrtime() - begin) / 1000000;
    assert_string_equal(told.outcome, FAKE_CUT("it took longer than 200ms and was ended"));
    assert_in_range(spent, 190, 2000);
    tear_down(&told);
}

static void a_worker_that_dies_gives_errors_and_the_next_job_a_new_one(void **state)
{
    (void)state;
    struct told told;
    set_up(&told, fake_dies, 5 * RB_SEC);
    told.again_when_done = true;
    run(&told);
    assert_int_equal(told.done, 2);
    assert_string_equal(told.outcome, FAKE_CUT("the Lua worker died"));
    tear_down(&told);
}

/* Shared with the workers: how many of them have come. */
static _Atomic int *come;

static int dies_first(int fd, int run_dir)
{
    return ((*come)++ == 0 ? fake_dies : fake_honest)(fd, run_dir);
}

static int asks_and_dies(int fd, int run_dir)
{
    (*come)++;
    (void)run_dir;
    RB_AUTO_VALUE const struct rb_value *job = NULL, *answers = NULL;
    if (rb_frame_read(fd, &job, NULL) && fake_write(fd, fake_request("true")) &&
        rb_frame_read(fd, &answers, NULL))
        raise(SIGKILL);
    return 0;
}

static void set_up_counted(struct told *told, rb_worker_main *main)
{
    come =
        mmap(NULL, sizeof *come, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal((void *)come, MAP_FAILED);
    set_up(told, main, 5 * RB_SEC);
}

static void tear_down_counted(struct told *told)
{
    tear_down(told);
    munmap((void *)come, sizeof *come);
}

static void a_job_whose_worker_is_killed_has_another(void **state)
{
    (void)state;
    struct told told;
    set_up_counted(&told, dies_first);
    run(&told);
    assert_int_equal(*come, 2);
    assert_non_null(strstr(told.outcome, "\"verdict\":\"holds\""));
    tear_down_counted(&told);
}

/* It would be asked anew, and the answer need not be the same. */
static void a_job_that_has_asked_the_world_has_no_other(void **state)
{
    (void)state;
    struct told told;
    set_up_counted(&told, asks_and_dies);
    run(&told);
    assert_int_equal(*come, 1);
    assert_string_equal(told.outcome, FAKE_CUT("the Lua worker died"));
    tear_down_counted(&told);
}

static int closes_its_socket(int fd, int run_dir)
{
    (void)run_dir;
    const struct rb_value *job;
    if (rb_frame_read(fd, &job, NULL))
        close(fd);
    return fake_stay();
}

static void a_closed_pipe_is_the_end_of_a_worker(void **state)
{
    (void)state;
    struct told told;
    set_up(&told, closes_its_socket, 5 * RB_SEC);
    run(&told);
    assert_string_equal(told.outcome, FAKE_CUT("the Lua worker died"));
    tear_down(&told);
}

static void a_worker_that_gives_up_says_why(void **state)
{
    (void)state;
    struct told told;
    set_up(&told, fake_gives_up, 5 * RB_SEC);
    run(&told);
    assert_string_equal(told.outcome, FAKE_CUT("no descriptor left"));
    tear_down(&told);
}

static void rubbish_is_the_end_of_a_worker(void **state)
{
    (void)state;
    rb_worker_main *const mains[] = {fake_no_json, fake_too_long};
    for (size_t i = 0; i < RB_COUNT(mains); i++) {
        struct told told;
        set_up(&told, mains[i], 5 * RB_SEC);
        run(&told);
        assert_string_equal(told.outcome, FAKE_CUT("the Lua worker sent rubbish"));
        tear_down(&told);
    }
}

/* Which of the wrong answers below the worker gives is the number in `$RB_TEST_ANSWER`. */
static const char *const wrong_answers[] = {
    "{}",
    "{\"items\":[]}",
    "{\"items\":[{\"name\":\"x\",\"verdict\":\"holds\"}]}",
    "{\"items\":[{\"name\":\"expect.exit\",\"verdict\":\"holds\"},"
    "{\"name\":\"x\",\"verdict\":\"maybe\"}]}",
    "{\"items\":[{\"name\":\"expect.exit\",\"verdict\":\"holds\"},"
    "{\"name\":\"y\",\"verdict\":\"holds\"}]}",
    "{\"items\":[{\"name\":\"expect.exit\",\"verdict\":\"holds\"},"
    "{\"name\":\"x\",\"verdict\":\"holds\"},{\"name\":\"x\",\"verdict\":\"holds\"}]}",
    "{\"items\":[{\"name\":\"expect.exit\",\"verdict\":\"holds\"},"
    "{\"name\":\"x\",\"verdict\":\"holds\"}],\"more\":1}",
    "{\"ask\":[{\"call\":\"sh.exec\"}]}",
    "{\"ask\":[]}",
    "{\"ask\":{\"call\":\"sh.exec\",\"req\":{}}}",
    "{\"ask\":\"sh.exec\"}",
};

static int wrong(int fd, int run_dir)
{
    (void)run_dir;
    const struct rb_value *job, *answer;
    const char *digit = getenv("RB_TEST_ANSWER");
    const char *text = digit ? wrong_answers[*digit - '0'] : "";
    if (rb_frame_read(fd, &job, NULL) && rb_json_decode(text, strlen(text), &answer, NULL))
        fake_write(fd, answer);
    return fake_stay();
}

static void an_answer_that_does_not_fit_the_job_is_the_end_of_a_worker(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT(wrong_answers); i++) {
        char number[12];
        struct told told;
        snprintf(number, sizeof number, "%zu", i);
        setenv("RB_TEST_ANSWER", number, 1);
        set_up(&told, wrong, 5 * RB_SEC);
        run(&told);
        assert_string_equal(told.outcome,
                            FAKE_CUT("the Lua worker sent something that is no answer"));
        tear_down(&told);
    }
}

static void the_world_is_asked_through_the_interpreter(void **state)
{
    (void)state;
    struct told told;
    set_up(&told, fake_asks, 5 * RB_SEC);
    run(&told);
    assert_int_equal(told.asked, 2);
    assert_non_null(strstr(told.outcome, "\"why\":\"1 2 \""));
    tear_down(&told);
}

static void what_is_asked_together_is_answered_together(void **state)
{
    (void)state;
    struct told told;
    set_up(&told, fake_asks_together, 5 * RB_SEC);
    run(&told);
    assert_int_equal(told.asked, 1);
    assert_non_null(strstr(told.outcome, "\"why\":\"1 2 \""));
    tear_down(&told);
}

static void a_worker_may_be_freed_while_it_asks(void **state)
{
    (void)state;
    struct told told;
    set_up(&told, fake_asks, 5 * RB_SEC);
    told.free_when_asked = true;
    run(&told);
    assert_int_equal(told.asked, 1);
    assert_int_equal(told.done, 0);
    tear_down(&told);
}

static void answer_late(uv_timer_t *timer)
{
    struct told *told = timer->data;
    RB_AUTO_VALUE const struct rb_value *outcomes =
        rb_value_list(rb_value_map("exit", rb_value_int(7), NULL), NULL);
    rb_worker_answer(told->worker, outcomes);
    uv_close((uv_handle_t *)timer, NULL);
}

static void asked_slowly(void *context, const struct rb_value *question)
{
    (void)question;
    struct told *told = context;
    static uv_timer_t timers[2];
    uv_timer_t *timer = &timers[told->asked++ % 2];
    uv_timer_init(&told->loop, timer);
    timer->data = told;
    uv_timer_start(timer, answer_late, 250, 0);
}

static void the_clock_stands_while_the_world_is_asked(void **state)
{
    (void)state;
    struct told told;
    set_up(&told, fake_asks, 200 * RB_MS);
    rb_worker_free(told.worker);
    struct rb_worker_events events = {&told, asked_slowly, done};
    told.worker = rb_worker_new(&told.loop, fake_asks, -1, &events);
    run(&told);
    assert_int_equal(told.asked, 2);
    assert_non_null(strstr(told.outcome, "\"why\":\"7 7 \""));
    tear_down(&told);
}

/* Asks, and hangs when it has its answer. */
static int asks_then_hangs(int fd, int run_dir)
{
    (void)run_dir;
    const struct rb_value *job, *answer;
    if (rb_frame_read(fd, &job, NULL) && fake_write(fd, fake_request("one")))
        (void)!rb_frame_read(fd, &answer, NULL);
    return fake_stay();
}

static void the_clock_goes_on_with_the_answer(void **state)
{
    (void)state;
    struct told told;
    set_up(&told, asks_then_hangs, 200 * RB_MS);
    run(&told);
    assert_int_equal(told.asked, 1);
    assert_string_equal(told.outcome, FAKE_CUT("it took longer than 200ms and was ended"));
    tear_down(&told);
}

/* Asks, and does not wait for the answer. */
static int asks_and_goes_on(int fd, int run_dir)
{
    (void)run_dir;
    const struct rb_value *job;
    if (rb_frame_read(fd, &job, NULL) && fake_write(fd, fake_request("one")))
        fake_write(fd, fake_outcome());
    return fake_stay();
}

static void never_answered(void *context, const struct rb_value *question)
{
    (void)question;
    struct told *told = context;
    told->asked++;
}

static void a_worker_that_does_not_wait_for_its_answer_is_ended(void **state)
{
    (void)state;
    struct told told;
    set_up(&told, asks_and_goes_on, 5 * RB_SEC);
    rb_worker_free(told.worker);
    struct rb_worker_events events = {&told, never_answered, done};
    told.worker = rb_worker_new(&told.loop, asks_and_goes_on, -1, &events);
    run(&told);
    assert_int_equal(told.asked, 1);
    assert_string_equal(told.outcome,
                        FAKE_CUT("the Lua worker sent something that is no answer"));
    tear_down(&told);
}

static void a_job_that_is_withdrawn_says_nothing_more(void **state)
{
    (void)state;
    struct told told;
    set_up(&told, fake_hangs, 5 * RB_SEC);
    assert_true(rb_worker_run(told.worker, told.job, NULL));
    rb_worker_withdraw(told.worker);
    uv_run(&told.loop, UV_RUN_DEFAULT);
    assert_int_equal(told.done, 0);
    tear_down(&told);
}

/* Says what it holds of the interpreter: descriptors, signals, session, limits. */
static int looks_around(int fd, int run_dir)
{
    RB_AUTO_BUF struct rb_buf seen = {0};
    for (int i = 0; i < 1000; i++) {
        if (fcntl(i, F_GETFD) >= 0)
            rb_buf_printf(&seen, "%d ", i);
    }
    struct sigaction action;
    sigaction(SIGUSR1, NULL, &action);
    struct rlimit core;
    getrlimit(RLIMIT_CORE, &core);
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    rb_buf_printf(&seen, "dir %d default %d leader %d core %d blocked %d", run_dir,
                  action.sa_handler == SIG_DFL, getsid(0) == getpid(), (int)core.rlim_cur,
                  sigismember(&mask, SIGUSR1));
    const struct rb_value *job;
    if (!rb_frame_read(fd, &job, NULL))
        return 1;
    const struct rb_value *outcome =
        rb_value_map("items",
                     rb_value_list(rb_value_map("name", rb_value_text("expect.exit"),
                                                "verdict", rb_value_text("holds"), NULL),
                                   rb_value_map("name", rb_value_text("x"), "verdict",
                                                rb_value_text("fails"), "why",
                                                rb_value_text(rb_buf_text(&seen)), NULL),
                                   NULL),
                     NULL);
    fake_write(fd, outcome);
    return fake_stay();
}

static void ignore(int number)
{
    (void)number;
}

static void a_worker_holds_nothing_of_the_interpreter(void **state)
{
    (void)state;
    int leak = open("/dev/null", O_RDONLY | O_CLOEXEC);
    signal(SIGUSR1, ignore);
    struct told told;
    set_up(&told, looks_around, 5 * RB_SEC);
    run(&told);
    assert_non_null(strstr(told.outcome, "\"0 1 2 3 dir -1 default 1 leader 1 core 0 "
                                         "blocked 0\""));
    tear_down(&told);
    close(leak);
}

static void a_worker_holds_the_folder_of_the_run(void **state)
{
    (void)state;
    int dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct told told;
    set_up(&told, looks_around, 5 * RB_SEC);
    rb_worker_free(told.worker);
    struct rb_worker_events events = {&told, asked, done};
    told.worker = rb_worker_new(&told.loop, looks_around, dir, &events);
    run(&told);
    assert_non_null(strstr(told.outcome, "\"0 1 2 3 4 dir 4 default 1 "));
    tear_down(&told);
    close(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_worker_serves_one_job_after_another),
        cmocka_unit_test(a_worker_that_hangs_is_ended_at_its_limit),
        cmocka_unit_test(a_worker_that_dies_gives_errors_and_the_next_job_a_new_one),
        cmocka_unit_test(a_job_whose_worker_is_killed_has_another),
        cmocka_unit_test(a_job_that_has_asked_the_world_has_no_other),
        cmocka_unit_test(a_closed_pipe_is_the_end_of_a_worker),
        cmocka_unit_test(a_worker_that_gives_up_says_why),
        cmocka_unit_test(rubbish_is_the_end_of_a_worker),
        cmocka_unit_test(an_answer_that_does_not_fit_the_job_is_the_end_of_a_worker),
        cmocka_unit_test(the_world_is_asked_through_the_interpreter),
        cmocka_unit_test(what_is_asked_together_is_answered_together),
        cmocka_unit_test(a_worker_may_be_freed_while_it_asks),
        cmocka_unit_test(the_clock_stands_while_the_world_is_asked),
        cmocka_unit_test(the_clock_goes_on_with_the_answer),
        cmocka_unit_test(a_worker_that_does_not_wait_for_its_answer_is_ended),
        cmocka_unit_test(a_job_that_is_withdrawn_says_nothing_more),
        cmocka_unit_test(a_worker_holds_nothing_of_the_interpreter),
        cmocka_unit_test(a_worker_holds_the_folder_of_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
