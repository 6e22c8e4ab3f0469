#include "scenes.h"

#include "base/json.h"

/* Four commands take it to its end, with somebody who signs between them. */
#define APPROVE                                                                       \
    .file = "examples/14-approve.yaml", .words = {"-e", "production"}, .answers = "", \
    .doubts = {"tests[0]", "tests[1]", "tests[2]", "tests[3]", "deploy"},             \
    .people = {{.role = "qa", .item = "uat"}, {.role = "po"}, {.role = "tl"}},        \
    .slow = true

const struct scene scenes[] = {
    {.name = "hello",
     .file = "examples/01-hello.yaml",
     .answers = "",
     .doubts = {"ask", "greet"}},
    {.name = "parameters",
     .file = "examples/02-parameters.yaml",
     .words = {"-p", "version=v1.2.0", "-p", "loud=true"},
     .answers = "",
     .doubts = {"announce", "shout"}},
    {.name = "gates",
     .file = "examples/03-gates.yaml",
     .answers = "",
     .doubts = {"workspace", "measure", "clean"},
     .slow = true},
    {.name = "retry",
     .file = "examples/04-retry.yaml",
     .answers = "",
     .doubts = {"workspace", "flaky", "account", "once", "clean"},
     .repeats = {"sh\x1f-c\x1f"
                 "echo attempt"},
     .slow = true},
    {.name = "people",
     .file = "examples/05-people.yaml",
     .answers = "  tell: yes\n"
                "  ready.backup: {answer: yes, evidence: backups/2025-11-22.dump}\n"
                "  ready.room: {answer: skip, reason: we meet online}\n"
                "  ready.root: yes\n"
                "  details.ticket: OPS-4711\n"
                "  details.risk: medium\n"
                "  details.people: 12\n"
                "  go: yes\n",
     .doubts = {"begin"}},
    {.name = "loops",
     .file = "examples/06-loops.yaml",
     .words = {"-p", "weekend=true"},
     .answers = "",
     .doubts = {"restart[0]", "restart[1]", "pages[0]", "pages[1]", "pages[2]", "report"}},
    {.name = "failure",
     .file = "examples/07-failure.yaml",
     .answers = "  deploy.failure: [retry, retry, retry, retry]\n"
                "  nowhere.failure: {answer: skip, reason: it is not installed here}\n",
     .doubts = {"workspace", "optional", "deploy", "nowhere", "clean"}},
    {.name = "interrupted",
     .file = "examples/08-interrupted.yaml",
     .words = {"-p", "dir=@", "-p", "seconds=0"},
     .answers = "",
     .doubts = {"charge", "once"}},
    {.name = "checks",
     .file = "examples/09-checks.yaml",
     .answers = "",
     .doubts = {"service", "tell"}},
    {.name = "secrets",
     .file = "examples/10-secrets.yaml",
     .answers = "",
     .doubts = {"careless", "input", "file"}},
    {.name = "parallel",
     .file = "examples/11-parallel.yaml",
     .answers = "",
     .doubts = {"dump", "images", "rollout[0]", "rollout[1]", "rollout[2]", "rollout[3]"}},
    {.name = "review",
     .file = "examples/12-review.yaml",
     .answers = "  release: [{answer: commit, note: a}, {answer: commit, note: b},\n"
                "            {answer: commit, note: c}, {answer: commit, note: d}]\n"
                "  stuck.failure: [retry, retry, retry]\n"
                "  release.failure: [retry, retry, retry]\n"
                "  released.failure: [retry, retry, retry]\n",
     .doubts = {"release"},
     .service = DATABASE,
     .arrivals = {{"release", "order 7"}}},
    {.name = "notify",
     .file = "examples/13-notify.yaml",
     .words = {"-p", "mail_port=1"},
     .answers = "  declare.team.failure: {answer: skip, reason: nobody can be told}\n"
                "  declare.everybody.failure: {answer: skip, reason: nobody can be told}\n"
                "  update.failure: {answer: skip, reason: nobody can be told}\n"
                "  load.failure: [retry, retry, retry]\n",
     .doubts = {"declare.team", "declare.everybody", "load", "update"}},
    {.name = "await", APPROVE, .signed_before = 0},
    {.name = "confirmed", APPROVE, .signed_before = 1},
    {.name = "approved-once", APPROVE, .signed_before = 2},
    {.name = "approve", APPROVE, .signed_before = 3},
    {.name = "window",
     .file = "examples/15-window.yaml",
     .answers = "  freeze.window: {answer: override, reason: the clock is right}\n"
                "  announce.window: {answer: override, reason: the clock is right}\n"
                "  backup.window: {answer: override, reason: the clock is right}\n"
                "  begins.window: {answer: override, reason: the clock is right}\n"
                "  look.window: {answer: override, reason: the clock is right}\n"
                "  migrate.window: {answer: override, reason: the clock is right}\n",
     .doubts = {"announce", "backup", "look", "migrate"},
     .repeats = {"echo\x1f"
                 "a backup"},
     .slow = true},
    {.name = "locks",
     .file = "examples/16-locks.yaml",
     /* What is counted is asked about where the disk was full meanwhile: that may be why it failed. */
     .answers = "  restart.failure: [retry, retry, retry, retry]\n"
                "  \"restart[1].failure\": [retry, retry, retry, retry]\n",
     .doubts = {"migrate", "restart[0]", "restart[1]", "restart[2]", "restart[3]",
                "restart[4]"}},
    {.name = "rollback",
     .file = "examples/17-rollback.yaml",
     .words = {"-p", "dir=@", "-p", "healthy=false"},
     .end = "rolled_back",
     .code = 5,
     .answers = "  servers.undo[0]: undo\n"
                "  servers.undo[1]: undo\n"
                "  switch.undo: undo\n"
                "  before.failure: [retry, retry, retry]\n"
                "  maintenance.failure: [retry, retry, retry]\n"
                "  servers.failure: [retry, retry, retry]\n"
                "  servers[0].failure: [retry, retry, retry]\n"
                "  servers[1].failure: [retry, retry, retry]\n"
                "  switch.failure: [retry, retry, retry]\n"
                "  health.failure: [retry, retry, retry]\n",
     .doubts = {"before", "maintenance", "servers[0]", "servers[1]", "switch", "health",
                "evidence", "back", "servers.undo[0]", "servers.undo[1]", "open"}},
    {.name = "ramp",
     .file = "examples/18-ramp.yaml",
     .words = {"-p", "dir=@", "-p", "bad_from=25"},
     .end = "rolled_back",
     .code = 5,
     .answers = "  install.undo[0]: undo\n"
                "  install.undo[1]: undo\n"
                "  install.undo[2]: undo\n"
                "  install.undo[3]: undo\n"
                "  set.undo[0]: undo\n"
                "  set.undo[1]: undo\n"
                "  ramp.failure: [retry, retry, retry]\n"
                "  errors.failure: [retry, retry, retry]\n"
                "  measured.failure: [retry, retry, retry]\n"
                "  install.failure: [retry, retry, retry]\n"
                "  install[0].failure: [retry, retry, retry]\n"
                "  install[1].failure: [retry, retry, retry]\n"
                "  install[2].failure: [retry, retry, retry]\n"
                "  install[3].failure: [retry, retry, retry]\n"
                "  before[0].failure: [retry, retry, retry]\n"
                "  before[1].failure: [retry, retry, retry]\n"
                "  set[0].failure: [retry, retry, retry]\n"
                "  set[1].failure: [retry, retry, retry]\n"
                "  bake[0].failure: [retry, retry, retry]\n"
                "  bake[1].failure: [retry, retry, retry]\n",
     .doubts = {"measured", "install[0]", "install[1]", "install[2]", "install[3]",
                "set[0]", "set[1]", "set.undo[0]", "set.undo[1]", "install.undo[0]",
                "install.undo[1]", "install.undo[2]", "install.undo[3]", "state"},
     .bears = true,
     .slow = true},
    {.name = "call",
     .file = "examples/19-call.yaml",
     .words = {"-p", "dir=@", "-p", "broken=web-2"},
     .end = "rolled_back",
     .code = 5,
     .answers = "  hosts:install.undo[0]: undo\n"
                "  hosts:install.undo[1]: undo\n"
                "  hosts.failure: [retry, retry, retry]\n"
                "  hosts[0].failure: [retry, retry, retry]\n"
                "  hosts[1].failure: [retry, retry, retry]\n"
                "  hosts:before[0].failure: [retry, retry, retry]\n"
                "  hosts:before[1].failure: [retry, retry, retry]\n"
                "  hosts:install[0].failure: [retry, retry, retry]\n"
                "  hosts:install[1].failure: [retry, retry, retry]\n",
     .doubts = {"hosts:install[0]", "hosts:install[1]", "hosts:install.undo[0]",
                "hosts:install.undo[1]"}},
    {.name = "requests",
     .file = "examples/20-requests.yaml",
     .answers = "  healthy.failure: [retry, retry, retry]\n"
                "  announce.failure: [retry, retry, retry]\n"
                "  build.failure: [retry, retry, retry]\n"
                "  upload.failure: [retry, retry, retry]\n"
                "  download.failure: [retry, retry, retry]\n"
                "  steady.failure: [retry, retry, retry]\n"
                "  tell.failure: [retry, retry, retry]\n",
     .doubts = {"healthy", "announce", "build", "upload", "download", "tell"},
     .service = WEB,
     .arrivals = {{"announce", "/echo/v1.2"}, {"upload", "/digest"}}},
};
const int scene_count = sizeof scenes / sizeof *scenes;

static const struct rb_value *texts(const char *const *list, int most)
{
    struct rb_list_builder all = {0};
    for (int i = 0; i < most && list[i]; i++)
        rb_list_add(&all, rb_value_text(list[i]));
    return rb_list_end(&all);
}

void scenes_print(struct rb_buf *out)
{
    struct rb_list_builder all = {0};
    for (int i = 0; i < scene_count; i++) {
        const struct scene *scene = &scenes[i];
        rb_list_add(&all,
                    rb_value_map("name", rb_value_text(scene->name), "file",
                                 rb_value_text(scene->file), "words",
                                 texts(scene->words, RB_COUNT(scene->words)), "answers",
                                 rb_value_text(scene->answers), "doubts",
                                 texts(scene->doubts, RB_COUNT(scene->doubts)), "repeats",
                                 texts(scene->repeats, RB_COUNT(scene->repeats)), "code",
                                 rb_value_int(scene->code), "signed",
                                 rb_value_bool(scene->people[0].role), "service",
                                 rb_value_bool(scene->service != NO_SERVICE), NULL));
    }
    RB_AUTO_VALUE const struct rb_value *list = rb_list_end(&all);
    rb_json_print(list, 0, out);
    rb_buf_putc(out, '\n');
}
