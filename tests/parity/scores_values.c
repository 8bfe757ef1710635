/* Clinical scores of lines on stdin: a letter (e eGFR, m MELD 3.0, f FIB-4, c Charlson, v CHA2DS2-VASc, s
 * SOFA), then the arguments of scores.h in their order. One number a line. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "record/scores/scores.h"

int main(void)
{
    char line[512];
    while (fgets(line, sizeof line, stdin)) {
        double a[13] = {0}, value = NAN;
        char *at = line + 1;
        for (size_t i = 0; i < sizeof a / sizeof *a; i++) a[i] = strtod(at, &at);
        switch (*line) {
        case 'e': value = rec_egfr_2021(a[0], a[1], a[2]); break;
        case 'm': value = rec_meld3(a[0], a[1], a[2], a[3], a[4], a[5]); break;
        case 'f': value = rec_fib4(a[0], a[1], a[2], a[3]); break;
        case 'c': value = rec_charlson((uint32_t)a[0], a[1]); break;
        case 'v': value = rec_cha2ds2_vasc((uint32_t)a[0], a[1], a[2]); break;
        case 's':
            value = rec_sofa(&(rec_sofa_inputs){a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9],
                                                a[10], a[11], a[12]});
            break;
        default: break;
        }
        printf("%.10g\n", value);
    }
    return 0;
}
