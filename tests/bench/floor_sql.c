/* floor_sql CONNINFO QUERY COUNT: asks so many times, one after the other over the same connection,
 * each in a transaction that only reads, and demands one row. */

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdlib.h>

static bool is(PGresult *owned, ExecStatusType wanted)
{
    bool good = PQresultStatus(owned) == wanted &&
                (wanted != PGRES_TUPLES_OK || PQntuples(owned) == 1);
    PQclear(owned);
    return good;
}

int main(int argc, char **argv)
{
    PGconn *base = argc == 4 ? PQconnectdb(argv[1]) : NULL;
    long left = base ? strtol(argv[3], NULL, 10) : 0;
    if (!base || PQstatus(base) != CONNECTION_OK)
        return 2;
    for (; left > 0; left--) {
        if (!is(PQexec(base, "BEGIN READ ONLY"), PGRES_COMMAND_OK) ||
            !is(PQexecParams(base, argv[2], 0, NULL, NULL, NULL, NULL, 0),
                PGRES_TUPLES_OK) ||
            !is(PQexec(base, "COMMIT"), PGRES_COMMAND_OK))
            return 1;
    }
    PQfinish(base);
    return 0;
}
