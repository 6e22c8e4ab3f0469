#include "scene.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"

static const struct rb_book book = {.call = -1, .prefix = "", .name = ""};
static const struct rb_book *const books[] = {&book};

static struct rb_step *add(struct scene *scene, const char *id, enum rb_action action,
                           const struct rb_value *owned_spec)
{
    struct rb_step *step = &scene->steps[scene->plan.step_count++];
    *step = rb_step_blank(0, -1);
    step->id = id;
    step->action = action;
    step->next = scene->plan.step_count;
    step->spec = owned_spec;
    return step;
}

static const struct rb_value *json(const char *text)
{
    const struct rb_value *value = NULL;
    struct rb_error err = {0};
    if (!rb_json_decode(text, strlen(text), &value, &err)) {
        fprintf(stderr, "scene: %s in %s\n", err.message, text);
        abort();
    }
    return value;
}

static void make_plan(struct scene *scene)
{
    struct rb_plan *plan = &scene->plan;
    *plan = (struct rb_plan){.name = "dcmms-release",
                             .title = "Production release of dCMMS",
                             .environment = "production",
                             .books = books,
                             .book_count = 1,
                             .steps = scene->steps,
                             .first_guard = -1,
                             .first_on_failure = -1,
                             .first_finally = -1,
                             .exprs = scene->exprs};
    add(scene, "disk-space", RB_ACTION_EXEC, json("{\"title\":\"Room for the dump\"}"));
    add(scene, "backup", RB_ACTION_RUN,
        json("{\"title\":\"Dump the production database\"}"))
        ->timeout = 600 * RB_SEC;
    struct rb_step *verify = add(
        scene, "backup-verify", RB_ACTION_EXEC,
        json("{\"title\":\"The dump can be read back\",\"why\":\"A plain dump can not be "
             "restored selectively: it must be in the custom format.\"}"));
    verify->retry = (struct rb_retry){.attempts = 3, .delay = 5 * RB_SEC, .when = -1};
    verify->timeout = 60 * RB_SEC;
    add(scene, "replica", RB_ACTION_GATE,
        json("{\"title\":\"The replica caught up\",\"every_us\":5000000}"));
    add(scene, "preflight", RB_ACTION_CHECKLIST,
        json("{\"title\":\"Before anything is changed\",\"items\":[]}"));
    struct rb_step *group = add(scene, "migrate", RB_ACTION_STEPS,
                                json("{\"title\":\"Migrate the database\"}"));
    struct rb_step *apply =
        add(scene, "apply", RB_ACTION_RUN,
            json("{\"title\":{\"$$text\":[\"Apply \",{\"$$expr\":1}]}}"));
    apply->parent = 5;
    apply->next = -1;
    apply->for_each = 0;
    group->first_child = 6;
    group->next = 7;
    add(scene, "soak", RB_ACTION_WAIT,
        json("{\"title\":\"Watch it\",\"for_us\":900000000}"));
    add(scene, "release-ok", RB_ACTION_CONFIRM, json("{\"message\":\"Release it?\"}"));
    add(scene, "tell-everyone", RB_ACTION_MANUAL, json("{}"))->next = -1;
    scene->exprs[0] = (struct rb_expr){.source = "params.files"};
    scene->exprs[1] = (struct rb_expr){.source = "item"};
    plan->expr_count = 2;
}

void scene_open(struct scene *scene)
{
    *scene = (struct scene){.utc = INT64_C(1763852460) * RB_SEC, .mono = 1000 * RB_SEC};
    make_plan(scene);
    scene->state = rb_state_new(&scene->plan);
    snprintf(scene->path, sizeof scene->path, "%s/runbook-scene-XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(scene->path))
        abort();
    scene->run_dir = open(scene->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (scene->run_dir < 0 || mkdirat(scene->run_dir, "steps", 0700) != 0)
        abort();
    scene->options =
        (struct rb_view_options){.run_dir = scene->run_dir,
                                 .run_id = "r-20251122-230100-k3f7",
                                 .run_path = scene->path,
                                 .file = "release.yaml",
                                 .resume_command = "runbook resume r-20251122-230100-k3f7"};
}

static int remove_entry(const char *path, const struct stat *status, int type,
                        struct FTW *at)
{
    (void)status, (void)type, (void)at;
    return remove(path);
}

void scene_close(struct scene *scene)
{
    rb_state_free(scene->state);
    for (int i = 0; i < scene->plan.step_count; i++)
        rb_value_unref(scene->steps[i].spec);
    close(scene->run_dir);
    nftw(scene->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

void scene_happen_value(struct scene *scene, rb_time after, const char *name,
                        const struct rb_value *d)
{
    scene->utc += after;
    scene->mono += after;
    struct rb_record record = {
        .seq = scene->seq++,
        .writer = 1,
        .event = {
            .type = rb_event_find(name), .d = d, .utc = scene->utc, .mono = scene->mono}};
    if (record.event.type == RB_EV_COUNT)
        abort();
    rb_apply(scene->state, &record.event);
    if (scene->view)
        scene->view->ops->event(scene->view, scene->state, &record);
}

void scene_happen(struct scene *scene, rb_time after, const char *name, const char *d, ...)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    va_list args;
    va_start(args, d);
    rb_buf_vprintf(&text, d, args);
    va_end(args);
    RB_AUTO_VALUE const struct rb_value *value = json(rb_buf_text(&text));
    scene_happen_value(scene, after, name, value);
}

void scene_tick(struct scene *scene, rb_time after)
{
    scene->utc += after;
    scene->mono += after;
    scene->view->ops->tick(scene->view, scene->state, scene->utc, scene->mono);
}

void scene_output(struct scene *scene, const char *dir, const char *stream,
                  const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/steps/%s", scene->path, dir);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/steps/%s/%s", scene->path, dir, stream);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        abort();
    close(fd);
}
