#include "report/html.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

csl_status html_open(html *h, const char *path, csl_error *error)
{
    *h = (html){0};
    size_t size = strlen(path) + sizeof ".tmp";
    h->path = strdup(path);
    h->temporary = malloc(size);
    if (!h->path || !h->temporary) {
        html_abandon(h);
        return csl_fail(error, CSL_ENOMEM, path, "no memory");
    }
    snprintf(h->temporary, size, "%s.tmp", path);
    h->file = fopen(h->temporary, "we");
    if (h->file) return CSL_OK;
    csl_status status = csl_fail_errno(error, h->temporary, "cannot create");
    html_abandon(h);
    return status;
}

csl_status html_close(html *h, csl_error *error)
{
    csl_status status = CSL_OK;
    if (ferror(h->file) || fflush(h->file) != 0 || fsync(fileno(h->file)) < 0)
        status = csl_fail_errno(error, h->temporary, "cannot write");
    if (fclose(h->file) != 0 && status == CSL_OK)
        status = csl_fail_errno(error, h->temporary, "cannot close");
    h->file = NULL;
    if (status == CSL_OK && rename(h->temporary, h->path) < 0)
        status = csl_fail_errno(error, h->path, "cannot rename into place");
    if (status == CSL_OK) {
        free(h->temporary);
        h->temporary = NULL;
    }
    html_abandon(h);
    return status;
}

void html_abandon(html *h)
{
    if (h->file) fclose(h->file);
    if (h->temporary) unlink(h->temporary);
    free(h->temporary);
    free(h->path);
    *h = (html){0};
}

void html_raw(html *h, const char *markup)
{
    fputs(markup, h->file);
}

void html_format(html *h, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(h->file, format, args);
    va_end(args);
}

/* Decodes one character; *length is the number of bytes it takes. 0xfffd for a byte that begins none (RFC
 * 3629). */
static uint32_t decode(const unsigned char *at, size_t *length)
{
    *length = 1;
    if (at[0] < 0x80) return at[0];
    size_t n = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    uint32_t c = at[0] & (0xffu >> (n + 1));
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (at[0] < 0xc2 || at[0] > 0xf4) return 0xfffd;
    for (size_t i = 1; i < n; i++) {
        if ((at[i] & 0xc0) != 0x80) return 0xfffd; /* also stops at the terminating 0 */
        c = c << 6 | (at[i] & 0x3fu);
    }
    if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return 0xfffd;
    *length = n;
    return c;
}

/* Characters that XML forbids, controls, and those that are invisible or reorder what follows. */
static bool hidden(uint32_t c)
{
    if (c >= 0x20 && c < 0x7f) return false; /* most text */
    static const struct {
        uint32_t from, to;
    } ranges[] = {{0x00, 0x08},     {0x0b, 0x0c},     {0x0e, 0x1f},     {0x7f, 0x9f},
                  {0x061c, 0x061c}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
                  {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0xe007f}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (c >= ranges[i].from && c <= ranges[i].to) return true;
    return false;
}

/* What stands for a character that cannot stand for itself, or NULL. */
static const char *replacement(uint32_t c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    case '\t':
    case '\n':
    case '\r': return " ";
    default: return c == 0xfffd || hidden(c) ? "\xef\xbf\xbd" : NULL;
    }
}

void html_text_cut(html *h, const char *text, size_t most)
{
    const unsigned char *at = (const unsigned char *)text, *plain = at;
    size_t n = 0;
    while (*at && !(most && n++ == most)) {
        size_t length;
        const char *instead = replacement(decode(at, &length));
        if (instead) {
            fwrite(plain, 1, (size_t)(at - plain), h->file);
            fputs(instead, h->file);
            plain = at + length;
        }
        at += length;
    }
    fwrite(plain, 1, (size_t)(at - plain), h->file);
    if (*at) fputs("\xe2\x80\xa6", h->file);
}

void html_text(html *h, const char *text)
{
    html_text_cut(h, text, 0);
}

void html_base64(html *h, const uint8_t *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < length; i += 3) {
        size_t have = length - i < 3 ? length - i : 3;
        uint32_t group = (uint32_t)bytes[i] << 16;
        if (have > 1) group |= (uint32_t)bytes[i + 1] << 8;
        if (have > 2) group |= bytes[i + 2];
        char four[5] = {digits[group >> 18], digits[group >> 12 & 63], '=', '='};
        if (have > 1) four[2] = digits[group >> 6 & 63];
        if (have > 2) four[3] = digits[group & 63];
        fwrite(four, 1, 4, h->file);
    }
}

const char *html_percent(double probability, char text[HTML_NUMBER])
{
    if (!(probability >= 0 && probability <= 1))
        snprintf(text, HTML_NUMBER, "not given");
    else if (probability < 0.01)
        snprintf(text, HTML_NUMBER, "&lt;1%%");
    else if (probability > 0.99)
        snprintf(text, HTML_NUMBER, "&gt;99%%");
    else
        snprintf(text, HTML_NUMBER, "%.0f%%", probability * 100);
    return text;
}

const char *html_interval(double low, double high, char text[HTML_NUMBER])
{
    if (isnan(low) || isnan(high))
        snprintf(text, HTML_NUMBER, "not given");
    else
        snprintf(text, HTML_NUMBER, "%.0f\xe2\x80\x93%.0f%%", low * 100, high * 100);
    return text;
}

const char *html_signed(double value, double scale, char text[HTML_NUMBER])
{
    double size = fabs(value), step = scale < 0.5 ? 0.001 : 0.01;
    const char *sign = size < step / 2 ? "" : value < 0 ? "\xe2\x88\x92" : "+";
    if (!isfinite(value))
        snprintf(text, HTML_NUMBER, "not given");
    else if (size >= 1e6)
        snprintf(text, HTML_NUMBER, "%s%.1e", sign, size);
    else
        snprintf(text, HTML_NUMBER, "%s%.*f", sign, scale < 0.5 ? 3 : 2, size);
    return text;
}
