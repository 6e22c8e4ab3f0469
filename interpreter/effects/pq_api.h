#pragma once
/* libpq, loaded when the first statement needs it: it brings some twenty shared libraries, and a
 * run without SQL has no use for them. Function `x` stands for PQx of libpq-fe.h. */

#include <libpq-fe.h>

#include "base/error.h"

#define RB_PQ_CALLS(X)    \
    X(cancel)             \
    X(clear)              \
    X(cmdStatus)          \
    X(cmdTuples)          \
    X(connectPoll)        \
    X(connectStartParams) \
    X(consumeInput)       \
    X(errorMessage)       \
    X(finish)             \
    X(flush)              \
    X(fname)              \
    X(freeCancel)         \
    X(ftype)              \
    X(getCancel)          \
    X(getResult)          \
    X(getisnull)          \
    X(getlength)          \
    X(getvalue)           \
    X(isBusy)             \
    X(nfields)            \
    X(ntuples)            \
    X(parameterStatus)    \
    X(resultErrorField)   \
    X(resultErrorMessage) \
    X(resultStatus)       \
    X(sendQuery)          \
    X(sendQueryParams)    \
    X(setNoticeReceiver)  \
    X(setSingleRowMode)   \
    X(setnonblocking)     \
    X(socket)             \
    X(status)             \
    X(transactionStatus)

struct rb_pq {
    unsigned users;
#define X(name) typeof(&PQ##name) name; // NOLINT(bugprone-macro-parentheses): a member
    RB_PQ_CALLS(X)
#undef X
};

/* One reference. RB_ERR_NOT_FOUND says which package to install. */
bool rb_pq_load(struct rb_pq **ret_pq, struct rb_error *err) RB_MUST_CHECK;
struct rb_pq *rb_pq_ref(struct rb_pq *pq);
void rb_pq_unref(struct rb_pq *pq); /* accepts NULL */
