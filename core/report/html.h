/* Writing one HTML file, piece by piece, so that memory does not grow with the page. What is written is
 * XHTML-compatible: the page parses as HTML and as XML.
 *
 * Writing errors stick and are told once, by html_close. The file appears under its name only when it is
 * whole.
 */
#ifndef CSL_REPORT_HTML_H
#define CSL_REPORT_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

typedef struct html {
    FILE *file;
    char *path, *temporary;
} html;

csl_status html_open(html *h, const char *path, csl_error *error);
/* Flushes, syncs and renames into place. */
csl_status html_close(html *h, csl_error *error);
void html_abandon(html *h); /* removes what was begun; a closed or zeroed one is allowed */

/* Markup of our own; numbers may be formatted in, text from elsewhere never. */
void html_raw(html *h, const char *markup);
void html_format(html *h, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Text from elsewhere, at most `most` characters of it (0: all) and then an ellipsis. Right in an element and
 * in an attribute in double quotes. What is not UTF-8, and what is invisible or would turn the direction of
 * the line, shows as U+FFFD. */
void html_text(html *h, const char *text);
void html_text_cut(html *h, const char *text, size_t most);

void html_base64(html *h, const uint8_t *bytes, size_t length); /* RFC 4648, section 4 */

/* Numbers for people. Each writes text that needs no escaping.
 * A probability: "83%", "<1%" below 0.01, ">99%" above 0.99. Log odds: "+1.23", with a true minus
 * sign; three decimals where the scale that they are read on is below 0.5. */
enum { HTML_NUMBER = 32 };
const char *html_percent(double probability, char text[HTML_NUMBER]);
/* An interval of probabilities: "71–90%", whole percents. */
const char *html_interval(double low, double high, char text[HTML_NUMBER]);
const char *html_signed(double value, double scale, char text[HTML_NUMBER]);

#endif
