#include "cli/passphrase.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"

static const char variable[] = "CONSILIUM_PASSPHRASE";

typedef struct source {
    char text[CSL_AUDIT_MAX_PASSPHRASE];
    bool given, twice;
    const char *file;
} source;

/* A line from the terminal, which does not show it. */
static csl_status ask_terminal(const char *prompt, const char *what, char *text, size_t size,
                               csl_error *error)
{
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct termios shown, hidden;
    if (terminal < 0 || tcgetattr(terminal, &shown) < 0) {
        if (terminal >= 0) close(terminal);
        return csl_fail(
            error, CSL_ECRYPTO, what,
            "a passphrase is needed: name a file with --passphrase-file, set %s, or use a terminal",
            variable);
    }
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    dprintf(terminal, "%s of %s: ", prompt, what);
    tcsetattr(terminal, TCSAFLUSH, &hidden);
    size_t length = 0;
    char c;
    while (read(terminal, &c, 1) == 1 && c != '\n')
        if (length < size - 1) text[length++] = c;
    text[length] = 0;
    tcsetattr(terminal, TCSAFLUSH, &shown);
    dprintf(terminal, "\n");
    close(terminal);
    return CSL_OK;
}

static csl_status ask(void *context, const char *what, char *text, size_t size, csl_error *error)
{
    const source *s = context;
    if (s->file) {
        char *line = NULL;
        size_t length = 0;
        csl_status status = csl_read_file(s->file, size - 1, &line, &length, error);
        if (status != CSL_OK) return status;
        snprintf(text, size, "%.*s", (int)strcspn(line, "\r\n"), line);
        explicit_bzero(line, length);
        free(line);
    } else if (s->given) {
        snprintf(text, size, "%s", s->text);
    } else {
        csl_status status = ask_terminal("Passphrase", what, text, size, error);
        if (status != CSL_OK || !s->twice) return status;
        char again[CSL_AUDIT_MAX_PASSPHRASE] = "";
        status = ask_terminal("Again, passphrase", what, again, sizeof again, error);
        bool same = !strcmp(text, again);
        explicit_bzero(again, sizeof again);
        if (status == CSL_OK && !same)
            status = csl_fail(error, CSL_EUSAGE, what, "the two passphrases differ");
        return status;
    }
    return text[0] ? CSL_OK
                   : csl_fail(error, CSL_EUSAGE, s->file ? s->file : variable, "the passphrase is empty");
}

csl_audit_passphrase csl_passphrase_from(const char *file, bool twice)
{
    static source none;
    source *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED) s = &none;
    (void)mlock(s, sizeof *s);
    (void)madvise(s, sizeof *s, MADV_DONTDUMP);
    (void)madvise(s, sizeof *s, MADV_WIPEONFORK);
    s->file = file;
    s->twice = twice;
    char *value = getenv(variable);
    if (value) {
        s->given = true;
        snprintf(s->text, sizeof s->text, "%s", value);
        explicit_bzero(value, strlen(value)); /* as /proc/PID/environ shows it */
        unsetenv(variable);
    }
    return (csl_audit_passphrase){.ask = ask, .context = s};
}

void csl_passphrase_hand_on(const csl_audit_passphrase *passphrase)
{
    const source *s = passphrase->context;
    if (s && s->given) setenv(variable, s->text, 1);
}
