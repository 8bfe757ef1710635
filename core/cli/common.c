#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/verb.h"

void csl_print_text(FILE *out, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0) { /* U+0080 to U+009F */
            fputc('?', out);
            c++;
        } else {
            fputc(*c < 0x20 || *c == 0x7F ? '?' : *c, out);
        }
    }
}

int csl_complain(const csl_error *error)
{
    fputs("consilium: ", stderr);
    csl_print_text(stderr, error->place);
    fputs(error->place[0] ? ": " : "", stderr);
    csl_print_text(stderr, error->message);
    fputc('\n', stderr);
    return error->code == CSL_EUSAGE ? CSL_EXIT_USAGE : CSL_EXIT_CANNOT;
}

int csl_usage(const char *verb, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "consilium %s: ", verb);
    vfprintf(stderr, format, args);
    fprintf(stderr, "; `consilium %s --help` says more\n", verb);
    va_end(args);
    return CSL_EXIT_USAGE;
}

bool csl_option_number(const char *verb, const char *option, const char *text, long long low, long long high,
                       long long *value)
{
    char *end;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (errno || end == text || *end || v < low || v > high) {
        csl_usage(verb, "%s takes a whole number from %lld to %lld, not '%s'", option, low, high, text);
        return false;
    }
    *value = v;
    return true;
}

bool csl_option_real(const char *verb, const char *option, const char *text, double low, double high,
                     double *value)
{
    char *end;
    errno = 0;
    double v = strtod(text, &end);
    if (errno || end == text || *end || !(v >= low && v <= high)) {
        csl_usage(verb, "%s takes a number from %g to %g, not '%s'", option, low, high, text);
        return false;
    }
    *value = v;
    return true;
}

/* Where the user's programs keep what they found out (XDG Base Directory Specification); NULL without a home.
 */
static const char *quarantine_folder(void)
{
    static char folder[PATH_MAX];
    const char *base = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (base && base[0] == '/')
        snprintf(folder, sizeof folder, "%s/consilium/quarantine", base);
    else if (home && home[0] == '/')
        snprintf(folder, sizeof folder, "%s/.local/state/consilium/quarantine", home);
    return folder[0] ? folder : NULL;
}

csl_registry_options csl_default_registry(const char *plugins_option)
{
    static char installed[PATH_MAX + 64];
    /* As the kernel was told to run it; realpath needs no /proc. A shell gives a path for what it found in
     * PATH. */
    const char *run_as = (const char *)getauxval(AT_EXECFN);
    char self[PATH_MAX];
    if (run_as && realpath(run_as, self)) {
        *strrchr(self, '/') = 0;
        snprintf(installed, sizeof installed, "%s/plugins", self);
        if (!csl_is_folder(installed))
            snprintf(installed, sizeof installed, "%s/%s", self, CSL_PLUGINS_FROM_BIN);
    }
    return (csl_registry_options){.plugins = plugins_option,
                                  .installed = installed[0] ? installed : NULL,
                                  .quarantine = quarantine_folder(),
                                  .previews = true};
}

bool csl_set_options(csl_registry_options *where, const char *text)
{
    static csl_names held;
    char *copy = strdup(text), *rest = copy;
    bool good = copy != NULL;
    for (char *one; good && (one = strsep(&rest, " \t"));)
        if (*one) good = csl_names_add(&held, one);
    free(copy);
    where->settings = (const char *const *)held.items;
    where->setting_count = held.count;
    return good;
}

/* ---- progress ---- */

static struct {
    bool open;
    double started, drawn;
} progress;

void csl_progress(const char *what, size_t done, size_t total, const char *rest)
{
    bool terminal = isatty(STDERR_FILENO);
    double t = csl_seconds();
    if (!progress.open) {
        progress.open = true;
        progress.started = t;
        progress.drawn = terminal ? 0 : t;
    }
    if (t - progress.drawn < (terminal ? 0.1 : 5.0) && done < total) return;
    progress.drawn = t;
    double passed = t - progress.started, rate = passed > 0 ? (double)done / passed : 0;
    char left[64] = "";
    if (rate > 0 && done < total) {
        double seconds = ceil((double)(total - done) / rate);
        snprintf(left, sizeof left, ", %.0f:%02.0f left", floor(seconds / 60), fmod(seconds, 60));
    }
    fprintf(stderr, "%s%s %zu/%zu, %.1f/s%s%s%s%s", terminal ? "\r" : "", what, done, total, rate, left,
            rest && rest[0] ? ", " : "", rest ? rest : "", terminal ? "\033[K" : "\n");
    fflush(stderr);
}

void csl_progress_end(void)
{
    if (progress.open && isatty(STDERR_FILENO)) fputc('\n', stderr);
    progress.open = false;
}
