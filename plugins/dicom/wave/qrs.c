#include "wave/qrs.h"

#include "pixel/region.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;
static const double refractory = 0.2, t_wave = 0.36, window = 0.15, mirror = 0.5; /* s */
static const double stands_out = 8; /* a beat's energy over that of the quiet fifth of the signal */

typedef struct biquad {
    double b0, b1, b2, a1, a2;
} biquad;

/* A Butterworth low- or high-pass of second order by the bilinear transform. */
static biquad butterworth(double cut, double frequency, bool high)
{
    double w = 2 * pi * cut / frequency, c = cos(w), alpha = sin(w) / sqrt(2), a0 = 1 + alpha;
    double edge = high ? 1 + c : 1 - c;
    return (biquad){edge / 2 / a0, (high ? -edge : edge) / a0, edge / 2 / a0, -2 * c / a0, (1 - alpha) / a0};
}

static void filter(const biquad *f, double *x, size_t count, bool backwards)
{
    double s1 = 0, s2 = 0;
    for (size_t i = 0; i < count; i++) {
        double *at = backwards ? &x[count - 1 - i] : &x[i], in = *at;
        *at = f->b0 * in + s1;
        s1 = f->b1 * in - f->a1 * *at + s2;
        s2 = f->b2 * in - f->a2 * *at;
    }
}

/* The signal with both ends mirrored about their last sample, so that filters have come to rest where it
 * begins. */
static void extend(const float *values, size_t count, size_t ends, double *x)
{
    for (size_t i = 0; i < count; i++) x[ends + i] = (double)values[i];
    for (size_t i = 1; i <= ends; i++) {
        x[ends - i] = 2 * (double)values[0] - (double)values[i];
        x[ends + count - 1 + i] = 2 * (double)values[count - 1] - (double)values[count - 1 - i];
    }
    double start = x[0];
    for (size_t i = 0; i < count + 2 * ends; i++) x[i] -= start;
}

/* x becomes the band of the QRS complex, 5 to 15 Hz; energy, the mean square of its slope around each sample.
 * total holds one more. */
static void energy_of(double *x, size_t count, double frequency, double *energy, double *total)
{
    const biquad filters[] = {butterworth(5, frequency, true),
                              butterworth(fmin(15, 0.45 * frequency), frequency, false)};
    for (int k = 0; k < 4; k++) filter(&filters[k / 2], x, count, k % 2);
    size_t half = (size_t)fmax(1, window * frequency / 2);
    total[0] = 0;
    for (size_t i = 0; i < count; i++) {
        double slope = x[i + 1 < count ? i + 1 : i] - x[i > 0 ? i - 1 : 0];
        total[i + 1] = total[i] + slope * slope;
    }
    for (size_t i = 0; i < count; i++) {
        size_t from = i > half ? i - half : 0, to = i + half + 1 < count ? i + half + 1 : count;
        energy[i] = (total[to] - total[from]) / (double)(to - from);
    }
}

typedef struct search {
    const double *band, *energy; /* of the signal itself, without the mirrored ends */
    size_t count;
    double frequency;
    uint32_t *peaks; /* [room] */
    size_t found, room;
} search;

/* The next sample from `at` whose energy is the greatest within the refractory period on either side; count:
 * none. */
static size_t next_crest(const search *s, size_t at)
{
    size_t reach = (size_t)(refractory * s->frequency);
    for (size_t best = at; at < s->count; at++) {
        if (s->energy[at] > s->energy[best]) best = at;
        if (at - best < reach && at + 1 < s->count) continue;
        bool greatest = true;
        for (size_t i = best > reach ? best - reach : 0; i < best && greatest; i++)
            greatest = s->energy[i] < s->energy[best];
        if (greatest) return best;
        best = at;
    }
    return s->count;
}

static void insert(search *s, size_t where, size_t peak)
{
    if (s->found == s->room) return;
    memmove(s->peaks + where + 1, s->peaks + where, (s->found - where) * sizeof *s->peaks);
    s->peaks[where] = (uint32_t)peak;
    s->found++;
}

/* Crests above a threshold that follows the levels of beats and of all else. */
static void take_crests(search *s, double beat_level, double other_level)
{
    for (size_t crest = next_crest(s, 0); crest < s->count;
         crest = next_crest(s, crest + (size_t)(refractory * s->frequency))) {
        double level = s->energy[crest], threshold = other_level + 0.25 * (beat_level - other_level);
        bool is_beat = level > threshold;
        if (is_beat && s->found > 0) { /* a T wave follows soon and rises slowly */
            uint32_t last = s->peaks[s->found - 1];
            if ((double)(crest - last) < t_wave * s->frequency && level < 0.25 * s->energy[last])
                is_beat = false;
        }
        if (is_beat) {
            insert(s, s->found, crest);
            beat_level += 0.125 * (level - beat_level);
        } else {
            other_level += 0.125 * (level - other_level);
        }
    }
}

/* Where an interval is 1.66 times the median one, half the threshold will do. */
static void search_back(search *s, double usual, double beat_level, double other_level)
{
    const size_t away = (size_t)(t_wave * s->frequency);
    const double threshold = (other_level + 0.25 * (beat_level - other_level)) / 2;
    for (size_t i = 1; i < s->found; i++) {
        size_t from = s->peaks[i - 1] + away, to = s->peaks[i], best;
        if ((double)(to - s->peaks[i - 1]) < 1.66 * usual || to <= from + away) continue;
        best = from;
        for (size_t k = from; k < to - away; k++) best = s->energy[k] > s->energy[best] ? k : best;
        if (s->energy[best] > threshold) insert(s, i, best);
    }
}

/* From the crest of the energy to the R peak: the extreme of the band nearby, of the sign that is larger in
 * most beats, so that a deep S does not take turns with R. */
static void settle(search *s)
{
    const size_t reach = (size_t)fmax(1, window / 2 * s->frequency);
    double up = 0, down = 0;
    for (int pass = 0; pass < 2; pass++) {
        double sign = up >= down ? 1 : -1;
        for (size_t i = 0; i < s->found; i++) {
            size_t crest = s->peaks[i], from = crest > reach ? crest - reach : 0;
            size_t to = crest + reach < s->count ? crest + reach : s->count - 1, best = from;
            double most = 0, least = 0;
            for (size_t k = from; k <= to; k++) {
                if (sign * s->band[k] > sign * s->band[best]) best = k;
                most = fmax(most, s->band[k]);
                least = fmin(least, s->band[k]);
            }
            if (pass == 1) s->peaks[i] = (uint32_t)best;
            up += most;
            down -= least;
        }
    }
}

static double median_interval(const search *s, float *scratch)
{
    for (size_t i = 1; i < s->found; i++) scratch[i - 1] = (float)(s->peaks[i] - s->peaks[i - 1]);
    csl_sort_floats(scratch, scratch + s->found, s->found - 1);
    return csl_quantile(scratch, s->found - 1, 0.5);
}

int64_t csl_qrs_find(const float *values, size_t count, double frequency, uint32_t *peaks, size_t room)
{
    if (count < 2 || count > UINT32_MAX || frequency < CSL_QRS_MIN_HZ ||
        (double)count < refractory * frequency)
        return 0;
    size_t ends = (size_t)fmin(mirror * frequency, (double)(count - 1)), all = count + 2 * ends;
    double *work = malloc((3 * all + 1) * sizeof *work);
    float *scratch = malloc(2 * count * sizeof *scratch);
    search s = {.count = count, .frequency = frequency, .peaks = peaks, .room = room};
    int64_t found = -1;
    if (!work || !scratch) goto done;
    found = 0;
    extend(values, count, ends, work);
    energy_of(work, all, frequency, work + all, work + 2 * all);
    s.band = work + ends;
    s.energy = work + all + ends;
    for (size_t i = 0; i < count; i++) scratch[i] = (float)s.energy[i];
    csl_sort_floats(scratch, scratch + count, count);
    /* Before any beat is known: the crest of a usual beat is near the greatest energy, all else near the
     * median. */
    double quiet = csl_quantile(scratch, count, 0.2), other = csl_quantile(scratch, count, 0.5);
    double beat = csl_quantile(scratch, count, 0.98);
    if (!(beat > 0) || beat < stands_out * quiet) goto done;
    take_crests(&s, beat, other);
    if (s.found > 2) search_back(&s, median_interval(&s, scratch), beat, other);
    if (s.found > 0) settle(&s);
    found = (int64_t)s.found;
done:
    free(work);
    free(scratch);
    return found;
}
