/* The genes of the synthetic panel and the random changes in them. */
#ifndef VARIANT_SYNTH_PANEL_H
#define VARIANT_SYNTH_PANEL_H

#include <stdint.h>

/* splitmix64 (Steele, Lea and Flood 2014): the adapter's own, since a plugin uses nothing of core. */
uint64_t panel_random(uint64_t *state);
double panel_uniform(uint64_t *state); /* [0, 1) */
int panel_poisson(uint64_t *state, double mean, int most);

enum { PANEL_GENES = 12, PANEL_TP53 = 0, PANEL_TTN = 1 };

typedef enum panel_kind {
    PANEL_STOP_GAINED = 0,
    PANEL_MISSENSE,
    PANEL_SYNONYMOUS,
    PANEL_INTRON,
    PANEL_INTRON_DELETION,
    PANEL_UTR_3,
    PANEL_UPSTREAM
} panel_kind;

typedef struct panel_change {
    int contig; /* 1 to 24 */
    long locus; /* 1-based */
    char reference[4], alternative[4];
    char annotation[256]; /* an ANN entry */
} panel_change;

/* A random change of this kind in a gene. Loci lie in the gene, bases follow its strand and the genetic code;
 * which base the reference genome has there is invented. */
void panel_draw(uint64_t *state, int gene, panel_kind kind, panel_change *change);

#endif
