/* What surrounds the results: head, foot, and how to read and verify them. */
#include <string.h>

#include "base/hash.h"
#include "report/page.h"

csl_status page_begin(html *h, const char *title, csl_error *error)
{
    csl_digest digest;
    csl_status status = csl_sha256(page_script, strlen(page_script), &digest, error);
    if (status != CSL_OK) return status;
    html_raw(h, "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n<meta "
                "charset=\"utf-8\"/>\n"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; "
                "form-action 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-");
    html_base64(h, digest.bytes, sizeof digest.bytes);
    html_raw(h, "'\"/>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                "<meta name=\"color-scheme\" content=\"light dark\"/>\n<meta name=\"referrer\" "
                "content=\"no-referrer\"/>\n<title>");
    html_raw(h, title);
    html_raw(h, " \xc2\xb7 Consilium</title>\n<style>\n");
    html_raw(h, page_style);
    html_raw(h, "</style>\n</head>\n<body>\n<main>\n");
    return CSL_OK;
}

void page_end(html *h, const page_context *p)
{
    html_raw(h, "</main>\n<footer><p>Written by Consilium ");
    html_text(h, page_fact(p, "version", CSL_VERSION));
    html_raw(h, ". Decision support, not a diagnosis.</p></footer>\n<script>");
    html_raw(h, page_script);
    html_raw(h, "</script>\n</body>\n</html>\n");
}

void page_shell_word(html *h, const char *word)
{
    if (word[0] && strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@%,=") ==
                       strlen(word)) {
        html_text(h, word);
        return;
    }
    html_raw(h, "&#39;");
    for (const char *quote; (quote = strchr(word, '\'')); word = quote + 1) {
        char piece[512];
        while (word < quote) {
            size_t length =
                (size_t)(quote - word) < sizeof piece - 1 ? (size_t)(quote - word) : sizeof piece - 1;
            memcpy(piece, word, length);
            piece[length] = 0;
            html_text(h, piece);
            word += length;
        }
        html_raw(h, "&#39;\\&#39;&#39;");
    }
    html_text(h, word);
    html_raw(h, "&#39;");
}

void page_explanation(html *h, const page_context *p)
{
    html_raw(h,
             "<section class=\"prose\" aria-labelledby=\"reading\"><h2 id=\"reading\">How to read this "
             "page</h2>\n<dl>\n"
             "<dt>Score</dt><dd>The model\xe2\x80\x99s estimate of the probability of the named finding, "
             "from 0 to 100%, after "
             "calibration on cases it was not fitted to. The thin line across the bar is the uncertainty "
             "interval: how far the "
             "calibration cases leave the probability open. A wide line means that few comparable cases were "
             "known.</dd>\n"
             "<dt>What cannot be ruled out</dt><dd>For each question the answers that remain at the coverage "
             "asked "
             "for (conformal prediction sets). One answer is a decision; several, or none, are not.</dd>\n"
             "<dt>Unlike the cases that the model learned from</dt><dd>Cases as far from the training cases "
             "as this "
             "one are rarer than the limit of the run. A score of such a case means little.</dd>\n"
             "<dt>Contribution</dt><dd>How far each modality moved the score from its starting point, the "
             "average of the "
             "training cases, in log odds: +0.69 doubles the odds, \xe2\x88\x92"
             "0.69 halves them. Bars to the right raise the score, "
             "bars to the left lower it. The contributions and the starting point add up to the "
             "model\xe2\x80\x99s log odds exactly "
             "(Shapley values). It says what the model used, not what caused the disease.</dd>\n"
             "<dt>Findings</dt><dd>The single entries that moved the first score most, in the same unit. "
             "They are a share of the "
             "model\xe2\x80\x99s reasoning, to be checked against the source.</dd>\n"
             "<dt>Missing</dt><dd>A modality for which the case had no files. The score was formed without "
             "it; nothing was "
             "assumed in its place.</dd>\n"
             "<dt>Withheld</dt><dd>Files that contradict one another about the patient get no score under "
             "the identity policy "
             "<i>strict</i>; where the run was told to abstain, neither do cases that the model is not sure "
             "enough of or "
             "does not know. A person has to decide.</dd>\n</dl>\n</section>\n"
             "<section class=\"prose\" aria-labelledby=\"verify\"><h2 id=\"verify\">How to verify it</h2>\n"
             "<p>Every case was written to a signed audit log before its result could be read. With the "
             "public key of the "
             "installation (a file ending in .vkey, log origin <b>");
    html_text(h, page_fact(p, "origin", "not recorded"));
    html_raw(h, "</b>) anyone can check that no entry was altered, removed or added "
                "since:</p>\n<pre><code>consilium audit verify ");
    char command[4096];
    snprintf(command, sizeof command, "%s/audit", p->source->folder);
    page_shell_word(h, command);
    html_raw(h, " --key audit.vkey</code></pre>\n<p>Each case above names its entry in the log, the hash of "
                "that entry, and the "
                "SHA-256 of every file that went in.</p>\n</section>\n");
}
