/* answer: a web service that answers every request over HTTP/1.1 with the same few bytes, as fast as
 * it can. Writes its port, of 127.0.0.1, and serves one connection after the other, each in a process
 * of its own, until it is killed. */

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static const char ANSWER[] = "HTTP/1.1 200 OK\r\n"
                             "Content-Type: application/json\r\n"
                             "Content-Length: 15\r\n\r\n"
                             "{\"status\":\"ok\"}";

/* Requests without a body, of which a read brings one whole or a part of one. */
static void serve(int peer)
{
    char request[8192];
    size_t length = 0;
    ssize_t got;
    while ((got = read(peer, request + length, sizeof request - 1 - length)) > 0) {
        length += (size_t)got;
        request[length] = '\0';
        if (!strstr(request, "\r\n\r\n"))
            continue;
        if (write(peer, ANSWER, sizeof ANSWER - 1) < 0)
            return;
        length = 0;
    }
}

int main(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    signal(SIGCHLD, SIG_IGN);
    if (listener < 0 || bind(listener, (struct sockaddr *)&at, size) < 0 ||
        listen(listener, 16) < 0 ||
        getsockname(listener, (struct sockaddr *)&at, &size) < 0 ||
        printf("%d\n", ntohs(at.sin_port)) < 0 || fflush(stdout) != 0)
        return 1;
    for (;;) {
        int peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (peer < 0)
            continue;
        setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            serve(peer);
            _exit(0);
        }
        close(peer);
    }
}
