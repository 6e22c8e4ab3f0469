/* Feeds a scripted run to a view, to look at it:
 *     view_demo terminal|plain|json [passing|failing|gate|checklist|field|doubt|wide|all] [speed]
 * On a terminal the questions are real, Ctrl-C is not (it ends the program). */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "scene.h"

struct demo {
    struct scene scene;
    uv_loop_t loop;
    bool answered, open;
    const struct rb_value *answer;
    int speed;
    int questions;
};

/* Half a second of the run in `speed` times less, with the ticks that a terminal gets. */
static void pass(struct demo *demo, int tenths)
{
    for (int i = 0; i < tenths; i++) {
        usleep((useconds_t)(100000 / demo->speed));
        uv_run(&demo->loop, UV_RUN_NOWAIT);
        scene_tick(&demo->scene, 100 * RB_MS);
    }
}

static void answered(void *context, const struct rb_value *answer)
{
    struct demo *demo = context;
    demo->answered = true;
    rb_value_unref(demo->answer);
    demo->answer = rb_value_ref(answer);
}

/* Asks; the answer becomes an event. False: left open. */
static bool ask(struct demo *demo, const char *step, const char *question)
{
    struct scene *scene = &demo->scene;
    scene_happen(scene, 0, "question.asked", "%s", question);
    if (!scene->view->ops->ask) {
        scene_happen(scene, 0, "question.unanswered",
                     "{\"step\":\"%s\",\"q\":%d,\"why\":\"there is no terminal\"}", step,
                     demo->questions++);
        return false;
    }
    demo->answered = false;
    scene->view->ops->ask(scene->view, rb_state_current(scene->state)->active->question,
                          answered, demo);
    while (!demo->answered)
        pass(demo, 1);
    if (!demo->answer)
        return false;
    RB_AUTO_VALUE const struct rb_value *fact = rb_value_map(
        "step", rb_value_text(step), "q", rb_value_int(demo->questions++), "by",
        rb_value_map("user", rb_value_text("alice"), "host", rb_value_text("ops-1"), NULL),
        "via", rb_value_text("terminal"), NULL);
    RB_AUTO_VALUE const struct rb_value *all = rb_value_merge(demo->answer, fact);
    scene_happen_value(scene, 0, "question.answered", all);
    return true;
}

static void pass_step(struct demo *demo, const char *step, const char *const *lines,
                      const char *stream)
{
    char dir[64];
    struct scene *scene = &demo->scene;
    snprintf(dir, sizeof dir, "%s.1", step);
    scene_happen(scene, 0, "step.began", "{\"step\":\"%s\"}", step);
    scene_happen(scene, 0, "effect.intent", "{\"step\":\"%s\",\"attempt\":1}", step);
    for (; *lines; lines++) {
        scene_output(scene, dir, stream, *lines);
        pass(demo, 5);
    }
    scene_happen(scene, 0, "effect.result", "{\"step\":\"%s\",\"attempt\":1,\"exit\":0}",
                 step);
    scene_happen(scene, 0, "step.passed", "{\"step\":\"%s\",\"attempts\":1}", step);
}

static void passing(struct demo *demo)
{
    static const char *const disk[] = {"Filesystem  Use%\n/dev/sda1    41%\n", NULL};
    static const char *const dump[] = {"pg_dump: last built-in OID is 16383\n",
                                       "pg_dump: reading extensions\n",
                                       "pg_dump: identifying extension members\n",
                                       "pg_dump: reading schemas\n",
                                       "pg_dump: reading user-defined tables\n",
                                       "pg_dump: reading user-defined functions\n",
                                       "pg_dump: reading user-defined types\n",
                                       "pg_dump: saving encoding = UTF8\n",
                                       "pg_dump: dumping contents of table "
                                       "\"public.work_orders\" with a line that is quite a "
                                       "bit longer than any terminal that anybody would "
                                       "have open in the middle of the night, "
                                       "or so one thinks\n",
                                       "12%\r25%\r50%\r",
                                       "75%\r100%\n",
                                       NULL};
    pass_step(demo, "disk-space", disk, "out");
    pass_step(demo, "backup", dump, "err");
}

static void fail(struct demo *demo, int attempt)
{
    struct scene *scene = &demo->scene;
    char dir[64];
    snprintf(dir, sizeof dir, "backup-verify.%d", attempt);
    scene_happen(scene, 0, "effect.intent", "{\"step\":\"backup-verify\",\"attempt\":%d}",
                 attempt);
    pass(demo, 10);
    scene_output(scene, dir, "out", "reading /backup/dcmms-2025-11-22.dump\n");
    scene_output(
        scene, dir, "err",
        "pg_restore: error: input file appears to be a text format dump. Please use "
        "psql.\n\033[31mand a line that wants to be red\033[0m\n");
    pass(demo, 10);
    scene_happen(
        scene, 0, "effect.result",
        "{\"step\":\"backup-verify\",\"attempt\":%d,\"exit\":1,\"err\":{\"blob\":"
        "\"sha256:3f2a9c0d51be77aa0c1d6a0f8d5b9e4c7a1b2c3d4e5f60718293a4b5c6d7e8f9\","
        "\"bytes\":1834,\"lost\":0}}",
        attempt);
    scene_happen(
        scene, 0, "attempt.failed",
        "{\"step\":\"backup-verify\",\"attempt\":%d,\"reason\":\"exit\",\"why\":\"exit "
        "code 1, expected 0\",\"checks\":[{\"name\":\"expect.exit\",\"verdict\":"
        "\"fails\",\"why\":\"exit code 1, expected 0\"},{\"name\":\"check\","
        "\"verdict\":\"fails\",\"why\":\"age_hours <= 24: 31 > 24\"}]}",
        attempt);
}

static bool failing(struct demo *demo)
{
    struct scene *scene = &demo->scene;
    scene_happen(scene, 0, "step.began", "{\"step\":\"backup-verify\"}");
    for (int attempt = 1; attempt < 3; attempt++) {
        fail(demo, attempt);
        scene_happen(scene, 0, "retry.scheduled",
                     "{\"step\":\"backup-verify\",\"attempt\":%d,\"at\":%lld}", attempt + 1,
                     (long long)scene->utc + 5 * RB_SEC);
        pass(demo, 50);
        scene_happen(scene, 0, "timer.due", "{}");
    }
    fail(demo, 3);
    char question[400];
    snprintf(
        question, sizeof question,
        "{\"step\":\"backup-verify\",\"attempt\":3,\"q\":%d,\"kind\":\"failure\",\"text\":"
        "\"exit code 1, expected 0\",\"why\":\"A plain dump can't be restored selectively: "
        "it must be in the custom format (-Fc), or a restore of one table takes the whole "
        "night.\"}",
        demo->questions);
    if (!ask(demo, "backup-verify", question))
        return false;
    const char *word = rb_value_get_text(demo->answer, "answer", "");
    const char *reason = rb_value_get_text(demo->answer, "reason", "");
    if (strcmp(word, "stop") == 0) {
        scene_happen(
            scene, 0, "run.suspended",
            "{\"step\":\"backup-verify\",\"why\":\"stopped by a person\",\"exit\":4}");
        return false;
    }
    if (strcmp(word, "skip") == 0) {
        RB_AUTO_VALUE const struct rb_value *d =
            rb_value_map("step", rb_value_text("backup-verify"), "by",
                         rb_value_text("person"), "why", rb_value_text(reason), NULL);
        scene_happen_value(scene, 0, "step.skipped", d);
    } else {
        RB_AUTO_VALUE const struct rb_value *d = rb_value_map(
            "step", rb_value_text("backup-verify"), "attempts", rb_value_int(3),
            "overridden", *reason ? rb_value_text(reason) : NULL, NULL);
        scene_happen_value(scene, 0, "step.passed", d);
    }
    return true;
}

static void gate(struct demo *demo)
{
    struct scene *scene = &demo->scene;
    scene_happen(scene, 0, "step.began", "{\"step\":\"replica\"}");
    for (int poll = 1; poll < 6; poll++) {
        bool holds = poll == 5;
        scene_happen(
            scene, 0, "eval.result",
            "{\"step\":\"replica\",\"phase\":\"gate\",\"items\":[{\"name\":\"lag\","
            "\"verdict\":\"%s\",\"why\":\"replica lag %d MB <= 1 MB does not hold\"}]}",
            holds ? "holds" : "fails", 25 - 5 * poll);
        if (holds)
            break;
        if (poll == 1)
            scene_happen(
                scene, 0, "gate.waiting",
                "{\"step\":\"replica\",\"polls\":1,\"verdict\":\"fails\",\"at\":%lld}",
                (long long)scene->utc + 5 * RB_SEC);
        pass(demo, 50);
    }
    scene_happen(scene, 0, "step.passed", "{\"step\":\"replica\",\"attempts\":1}");
}

static bool checklist(struct demo *demo)
{
    static const char *const items[] = {
        "\"item\":\"backup\",\"text\":\"A backup of tonight exists\",\"evidence\":true,"
        "\"detail\":\"age_hours <= 24: 31 > 24\"",
        "\"item\":\"window\",\"text\":\"The maintenance window has been announced to "
        "everybody "
        "who works with the plant tonight, and nobody has asked to move it\"",
        "\"item\":\"phone\",\"text\":\"The database administrator on call answers the "
        "phone\"",
    };
    struct scene *scene = &demo->scene;
    scene_happen(scene, 0, "step.began", "{\"step\":\"preflight\"}");
    for (int i = 0; i < 3; i++) {
        char question[700];
        snprintf(
            question, sizeof question,
            "{\"step\":\"preflight\",\"attempt\":1,\"q\":%d,\"kind\":\"item\",\"index\":%d,"
            "\"count\":3,%s,\"why\":\"What is not known before the change is not known "
            "after it.\"}",
            demo->questions, i, items[i]);
        if (!ask(demo, "preflight", question))
            return false;
    }
    scene_happen(scene, 0, "step.passed", "{\"step\":\"preflight\",\"attempts\":1}");
    return true;
}

static bool confirm(struct demo *demo)
{
    struct scene *scene = &demo->scene;
    char question[400];
    scene_happen(scene, 0, "step.began", "{\"step\":\"release-ok\"}");
    snprintf(
        question, sizeof question,
        "{\"step\":\"release-ok\",\"attempt\":1,\"q\":%d,\"kind\":\"confirm\",\"text\":"
        "\"Release v1.2.0 to all customers?\",\"type\":\"production\"}",
        demo->questions);
    if (!ask(demo, "release-ok", question))
        return false;
    scene_happen(scene, 0, "step.passed", "{\"step\":\"release-ok\",\"attempts\":1}");
    return true;
}

static bool field(struct demo *demo)
{
    struct scene *scene = &demo->scene;
    static const char *const fields[] = {
        "\"text\":\"Ticket of the "
        "change\",\"field\":{\"name\":\"ticket\",\"type\":\"integer\","
        "\"min\":1,\"max\":99999}",
        "\"text\":\"Severity\",\"field\":{\"name\":\"severity\",\"type\":\"enum\","
        "\"values\":"
        "[\"low\",\"high\"],\"default\":\"low\"}",
    };
    scene_happen(scene, 0, "step.began", "{\"step\":\"tell-everyone\"}");
    for (int i = 0; i < 2; i++) {
        char question[400];
        snprintf(question, sizeof question,
                 "{\"step\":\"tell-everyone\",\"attempt\":1,\"q\":%d,\"kind\":\"field\","
                 "\"index\":%d,\"count\":2,%s}",
                 demo->questions, i, fields[i]);
        if (!ask(demo, "tell-everyone", question))
            return false;
    }
    scene_happen(scene, 0, "step.passed", "{\"step\":\"tell-everyone\",\"attempts\":1}");
    return true;
}

static void wide(struct demo *demo)
{
    static const char *const lines[] = {
        "表示幅の広い文字が並ぶ長い行、端末の幅を超えても折り返さずに切られること。これは長"
        "い行です。終わり\n",
        "e\xcc\x81t\xc3\xa9, \xf0\x9f\x9a\x80\xf0\x9f\x9a\x80 rockets, "
        "tabs\there\tand\tthere\n",
        "\033[2J\033]0;owned\a\033]52;c;eA==\a\xc2\x9b"
        "31m\b\b\xe2\x80\xae reversed\xff\n",
        NULL};
    struct scene *scene = &demo->scene;
    scene_happen(scene, 0, "step.began", "{\"step\":\"migrate\"}");
    scene_happen(scene, 0, "step.began", "{\"step\":\"apply\"}");
    scene_happen(
        scene, 0, "eval.result",
        "{\"step\":\"apply\",\"phase\":\"prepare\",\"items\":[{\"name\":\"for_each\","
        "\"value\":[\"V010__add_work_order_fields.sql\",\"V011.sql\"]}]}");
    scene_happen(scene, 0, "loop.began", "{\"step\":\"apply\",\"count\":2}");
    for (int i = 0; i < 2; i++) {
        char dir[20];
        snprintf(dir, sizeof dir, "apply[%d].1", i);
        scene_happen(scene, 0, "step.began", "{\"step\":\"apply[%d]\"}", i);
        scene_happen(
            scene, 0, "eval.result",
            "{\"step\":\"apply[%d]\",\"phase\":\"prepare\",\"items\":[{\"name\":\"1\","
            "\"value\":\"V01%d__add_work_order_fields.sql\"}]}",
            i, i);
        scene_happen(scene, 0, "effect.intent", "{\"step\":\"apply[%d]\",\"attempt\":1}",
                     i);
        for (int k = 0; lines[k]; k++) {
            scene_output(scene, dir, "out", lines[k]);
            pass(demo, 10);
        }
        scene_happen(scene, 0, "step.passed", "{\"step\":\"apply[%d]\",\"attempts\":1}", i);
    }
    scene_happen(scene, 0, "step.passed", "{\"step\":\"apply\",\"attempts\":1}");
    scene_happen(scene, 0, "step.passed", "{\"step\":\"migrate\",\"attempts\":1}");
    scene_happen(scene, 0, "step.began", "{\"step\":\"soak\"}");
    scene_happen(scene, 0, "wait.began", "{\"step\":\"soak\",\"at\":%lld}",
                 (long long)scene->utc + 900 * RB_SEC);
    pass(demo, 40);
    scene_happen(scene, 0, "signal.received", "{\"name\":\"INT\",\"level\":1}");
    pass(demo, 20);
    scene_happen(scene, 0, "timer.due", "{}");
    scene_happen(scene, 0, "step.passed", "{\"step\":\"soak\",\"attempts\":1}");
}

static bool doubt(struct demo *demo)
{
    struct scene *scene = &demo->scene;
    char question[400];
    scene_happen(scene, 0, "step.began", "{\"step\":\"backup\"}");
    scene_happen(scene, 0, "effect.intent", "{\"step\":\"backup\",\"attempt\":1}");
    scene_output(scene, "backup.1", "out", "dumping work_orders\n");
    scene_happen(
        scene, 0, "run.resumed",
        "{\"operator\":{\"user\":\"alice\",\"host\":\"ops-1\"},\"interactive\":true}");
    scene_happen(
        scene, 0, "effect.doubt",
        "{\"step\":\"backup\",\"attempt\":1,\"why\":\"it was started, and the machine "
        "was restarted since\"}");
    snprintf(
        question, sizeof question,
        "{\"step\":\"backup\",\"attempt\":1,\"q\":%d,\"kind\":\"doubt\",\"text\":\"the run "
        "was interrupted while it was under way: it was started, and the machine was "
        "restarted since\"}",
        demo->questions);
    return ask(demo, "backup", question);
}

static bool play(struct demo *demo, const char *what)
{
    bool all = strcmp(what, "all") == 0, on = true;
    if (all || strcmp(what, "passing") == 0)
        passing(demo);
    if (strcmp(what, "doubt") == 0)
        on = doubt(demo);
    if (all || strcmp(what, "failing") == 0)
        on = on && failing(demo);
    if (on && (all || strcmp(what, "gate") == 0))
        gate(demo);
    if (on && (all || strcmp(what, "checklist") == 0))
        on = checklist(demo) && confirm(demo);
    if (on && (all || strcmp(what, "wide") == 0))
        wide(demo);
    if (on && (all || strcmp(what, "field") == 0))
        on = field(demo);
    return on;
}

int main(int argc, char **argv)
{
    struct demo demo = {.speed = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 1};
    const char *view = argc > 1 ? argv[1] : "terminal";
    uv_loop_init(&demo.loop);
    scene_open(&demo.scene);
    struct rb_view_options *options = &demo.scene.options;
    options->loop = &demo.loop;
    options->colour = !getenv("NO_COLOR");
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    demo.scene.view = strcmp(view, "json") == 0    ? rb_view_json_new(options)
                      : strcmp(view, "plain") == 0 ? rb_view_plain_new(options)
                                                   : rb_view_terminal_new(options, tty);
    scene_happen(&demo.scene, 0, "run.created",
                 "{\"run\":\"r-20251122-230100-k3f7\",\"interactive\":true}");
    scene_happen(&demo.scene, 0, "run.started", "{}");
    if (play(&demo, argc > 2 ? argv[2] : "all"))
        scene_happen(&demo.scene, 0, "run.finished",
                     "{\"status\":\"succeeded\",\"exit\":0}");
    else if (demo.scene.state->phase == RB_RUN_RUNNING)
        scene_happen(&demo.scene, 0, "run.suspended",
                     "{\"step\":\"%s\",\"why\":\"a person has to answer\",\"exit\":3}",
                     rb_node_step(demo.scene.state, demo.scene.state->current)->id);
    demo.scene.view->ops->close(demo.scene.view, demo.scene.state, 0);
    uv_run(&demo.loop, UV_RUN_DEFAULT);
    uv_loop_close(&demo.loop);
    rb_value_unref(demo.answer);
    scene_close(&demo.scene);
    return 0;
}
