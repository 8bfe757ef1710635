#include "host/surroundings.h"

#include <fcntl.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void manners_keep(manners *m)
{
    const char *locale = setlocale(LC_ALL, NULL);
    fegetenv(&m->rounding);
    snprintf(m->locale, sizeof m->locale, "%s", locale ? locale : "C");
}

void manners_restore(const manners *m)
{
    fesetenv(&m->rounding);
    if (uselocale((locale_t)0) != LC_GLOBAL_LOCALE) uselocale(LC_GLOBAL_LOCALE);
    const char *now = setlocale(LC_ALL, NULL);
    if (!now || strcmp(now, m->locale)) setlocale(LC_ALL, m->locale);
}

static char **copy_environment(void)
{
    size_t count = 0;
    while (environ && environ[count]) count++;
    char **copy = calloc(count + 1, sizeof *copy);
    for (size_t i = 0; copy && i < count; i++) copy[i] = strdup(environ[i]);
    return copy;
}

/* Only if it was changed: a variable of the old environment may be held by its address. */
static void put_back(char **kept)
{
    size_t i = 0;
    while (environ && environ[i] && kept[i] && !strcmp(environ[i], kept[i])) i++;
    bool same = (!environ || !environ[i]) && !kept[i];
    if (!same) {
        clearenv();
        for (i = 0; kept[i]; i++) putenv(kept[i]); /* which keeps the text */
    } else {
        for (i = 0; kept[i]; i++) free(kept[i]);
    }
    free(kept);
}

void surroundings_keep(surroundings *s)
{
    *s = (surroundings){.environment = copy_environment(), .output = -1, .errors = -1};
    manners_keep(&s->manners);
    for (int i = 1; i < SURROUNDINGS_SIGNALS; i++) sigaction(i, NULL, &s->actions[i]);
    sigprocmask(SIG_BLOCK, NULL, &s->blocked);
    umask(s->mask = umask(0));
    fflush(stdout);
    fflush(stderr);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0) return;
    s->output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    s->errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (s->output >= 0) dup2(nowhere, STDOUT_FILENO);
    if (s->errors >= 0) dup2(nowhere, STDERR_FILENO);
    close(nowhere);
}

static void put_descriptor(int copy, int place)
{
    if (copy < 0) return;
    dup2(copy, place);
    close(copy);
}

void surroundings_restore(surroundings *s)
{
    fflush(stdout);
    fflush(stderr);
    put_descriptor(s->output, STDOUT_FILENO);
    put_descriptor(s->errors, STDERR_FILENO);
    for (int i = 1; i < SURROUNDINGS_SIGNALS; i++) {
        struct sigaction now;
        if (sigaction(i, NULL, &now) == 0 && memcmp(&now, &s->actions[i], sizeof now))
            sigaction(i, &s->actions[i], NULL);
    }
    sigprocmask(SIG_SETMASK, &s->blocked, NULL);
    umask(s->mask);
    if (s->environment) put_back(s->environment);
    manners_restore(&s->manners);
}
