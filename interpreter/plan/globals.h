#pragma once
/* The names that an expression sees. One list: check/ resolves against it, the Lua sandbox
 * builds its environment from it, and completion offers it. */

/* clang-format off */
/* X(name): values of the run */
#define RB_SCOPE_NAMES(X)                                                                   \
    X("params") X("vars") X("environment") X("secrets") X("steps") X("run") X("result")

/* X(name): modules that look at the world, a call is an effect and is recorded as evidence */
#define RB_WORLD_MODULES(X) X("fs") X("http") X("pg") X("prom") X("sh") X("time") X("tls")

/* X(name): modules whose results depend on their arguments alone */
#define RB_PURE_MODULES(X) X("check") X("json") X("re") X("sql")

/* X(name): functions and tables of Lua itself, and those of stdlib/base.lua */
#define RB_PURE_NAMES(X)                                                                    \
    X("assert") X("error") X("ipairs") X("next") X("pairs") X("pcall") X("select")          \
    X("tonumber") X("tostring") X("type") X("xpcall") X("math") X("string") X("table")      \
    X("utf8") X("fail") X("unknown") X("try") X("parallel")

/* X(name): members of `result` by what the step does, and of what looks give; of a step; of `run` */
#define RB_PROCESS_NAMES(X)                                                                 \
    X("duration") X("exit") X("exits") X("killed") X("ok") X("signal") X("stderr")          \
    X("stdout")
#define RB_ROWS_NAMES(X) X("duration") X("ok") X("records") X("rows") X("value")
#define RB_ANSWER_NAMES(X) X("body") X("duration") X("headers") X("ok") X("status") X("url")
#define RB_STEP_NAMES(X)                                                                    \
    X("attempts") X("exit") X("outputs") X("status") X("stderr") X("stdout")
#define RB_RUN_NAMES(X) X("id") X("operator") X("started")
/* X(word): what `steps.ID.status` can be */
#define RB_STATUS_NAMES(X) X("active") X("failed") X("passed") X("pending") X("skipped")

/* X(name): members of the modules and of Lua's tables, as far as the sandbox has them */
#define RB_FS_NAMES(X) X("free") X("list") X("read") X("stat")
#define RB_HTTP_NAMES(X) X("get") X("head")
#define RB_PG_NAMES(X) X("query")
#define RB_PROM_NAMES(X) X("alerts") X("query") X("range") X("value")
#define RB_SH_NAMES(X) X("exec")
#define RB_TIME_NAMES(X)                                                                    \
    X("add") X("at") X("format") X("now") X("parse") X("seconds") X("since") X("window")
#define RB_TLS_NAMES(X) X("connect")
#define RB_CHECK_NAMES(X)                                                                   \
    X("all") X("eq") X("ge") X("gt") X("le") X("lt") X("match") X("ne")
#define RB_JSON_NAMES(X) X("decode") X("encode") X("null")
#define RB_RE_NAMES(X)   X("find") X("gsub") X("match")
#define RB_SQL_NAMES(X)  X("ident")
#define RB_MATH_NAMES(X)                                                                    \
    X("abs") X("acos") X("asin") X("atan") X("ceil") X("cos") X("deg") X("exp") X("floor")  \
    X("fmod") X("huge") X("log") X("max") X("maxinteger") X("min") X("mininteger")          \
    X("modf") X("pi") X("rad") X("sin") X("sqrt") X("tan") X("tointeger") X("type") X("ult")
#define RB_STRING_NAMES(X)                                                                  \
    X("byte") X("char") X("find") X("format") X("gmatch") X("gsub") X("len") X("lower")     \
    X("match") X("rep") X("reverse") X("sub") X("upper")
#define RB_TABLE_NAMES(X)                                                                   \
    X("concat") X("insert") X("move") X("pack") X("remove") X("sort") X("unpack")
#define RB_UTF8_NAMES(X)                                                                    \
    X("char") X("charpattern") X("codepoint") X("codes") X("len") X("offset")
/* clang-format on */
