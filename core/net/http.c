#include "net/http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

csl_status csl_http_check_url(const char *url, csl_error *error)
{
    size_t scheme = !strncasecmp(url, "https://", 8) ? 8 : !strncasecmp(url, "http://", 7) ? 7 : 0;
    if (!scheme || !strcspn(url + scheme, "/?#"))
        return csl_fail(error, CSL_EUSAGE, url,
                        "is no address of the form https://HOST/PATH or http://HOST/PATH");
    return CSL_OK;
}

static size_t take(char *bytes, size_t size, size_t count, void *context)
{
    return csl_buffer_append(context, bytes, size * count) ? size * count : 0;
}

csl_status csl_http(const csl_http_request *request, csl_buffer *answer, long *code, csl_error *error)
{
    static bool started;
    csl_status status = csl_http_check_url(request->url, error);
    if (status != CSL_OK) return status;
    csl_buffer_clear(answer);
    if (!started && curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        return csl_fail(error, CSL_EINTERNAL, request->url, "libcurl does not start");
    started = true;
    CURL *curl = curl_easy_init();
    char type[160], said[CURL_ERROR_SIZE] = "";
    snprintf(type, sizeof type, "Content-Type: %s", request->type ? request->type : "");
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:"); /* no waiting for a 100 */
    if (request->body && headers) {
        struct curl_slist *more = curl_slist_append(headers, type);
        if (!more) curl_slist_free_all(headers);
        headers = more;
    }
    if (!curl || !headers) {
        status = csl_fail(error, CSL_ENOMEM, request->url, "no memory for a request");
        goto done;
    }
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->milliseconds);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "consilium/" CSL_VERSION);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, said);
    if (request->body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->length);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    }
    CURLcode result = curl_easy_perform(curl);
    if (answer->failed)
        status = csl_fail(error, CSL_ELIMIT, request->url, "answers with more than the %zu bytes allowed",
                          answer->maximum);
    else if (result != CURLE_OK)
        status = csl_fail(error, CSL_EIO, request->url, "no answer: %s",
                          said[0] ? said : curl_easy_strerror(result));
    else
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, code);
done:
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return status;
}
