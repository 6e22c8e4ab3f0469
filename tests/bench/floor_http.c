/* floor_http URL COUNT: asks so many times for the URL, one after the other over the same connection,
 * and demands the status 200. */

#include <curl/curl.h>
#include <stdlib.h>

// NOLINTNEXTLINE(readability-non-const-parameter): as libcurl calls it
static size_t drop(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes, (void)context;
    return size * count;
}

int main(int argc, char **argv)
{
    CURL *easy = argc == 3 ? curl_easy_init() : NULL;
    long left = easy ? strtol(argv[2], NULL, 10) : 0, status = 0;
    if (!easy)
        return 2;
    curl_easy_setopt(easy, CURLOPT_URL, argv[1]);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
    for (; left > 0; left--) {
        if (curl_easy_perform(easy) != CURLE_OK ||
            curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK ||
            status != 200)
            return 1;
    }
    curl_easy_cleanup(easy);
    return 0;
}
