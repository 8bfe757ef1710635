/* The passphrase of an encrypted key, or the PIN of a token: the first line of a file, else of the
 * environment variable CONSILIUM_PASSPHRASE, else asked for on the terminal. Never an argument, which others
 * see. */
#ifndef CSL_CLI_PASSPHRASE_H
#define CSL_CLI_PASSPHRASE_H

#include "audit/audit.h"

/* Takes the variable out of the environment, before workers are started, into memory that they get zeroed.
 * file: or NULL. twice: the terminal is asked again, for a new one. What it returns lives as long as the
 * program. */
csl_audit_passphrase csl_passphrase_from(const char *file, bool twice);

/* Back into the environment if it came from there: for a program that takes this one's place. */
void csl_passphrase_hand_on(const csl_audit_passphrase *passphrase);

#endif
