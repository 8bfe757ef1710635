#include <criterion/criterion.h>
#include <math.h>

#include "model/adamw.h"

Test(adamw, five_steps_as_pytorch)
{
    /* Printed by PyTorch 1.13.1 (Debian 12, python3-torch):
     *     w = Parameter(tensor([1., -2., .5]))
     *     o = AdamW([w], lr=0.1, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
     *     5 times: o.zero_grad(); (w**2 * tensor([.5, 1., 2.])).sum().backward(); o.step(); print(w) */
    static const float expected[5][3] = {{0.8990000f, -1.8980000f, 0.3995000f},
                                         {0.7985191f, -1.7962726f, 0.3002979f},
                                         {0.6989112f, -1.6949446f, 0.2037124f},
                                         {0.6005986f, -1.5941530f, 0.1116201f},
                                         {0.5040802f, -1.4940459f, 0.0265282f}};
    csl_adamw optimiser;
    float w[3] = {1, -2, 0.5f};
    cr_assert_eq(csl_adamw_new(3, &optimiser, NULL), CSL_OK);
    for (int k = 0; k < 5; k++) {
        float gradient[3] = {w[0], 2 * w[1], 4 * w[2]};
        csl_adamw_begin(&optimiser);
        csl_adamw_update(&optimiser, 0.1, 0.01, 0, 2, w, gradient); /* in two parts, as the trainer does */
        csl_adamw_update(&optimiser, 0.1, 0.01, 2, 1, w, gradient);
        for (int i = 0; i < 3; i++)
            cr_assert_float_eq(w[i], expected[k][i], 2e-6, "step %d, weight %d", k + 1, i);
    }
    csl_adamw_free(&optimiser);
}

Test(adamw, decay_alone_shrinks_by_rate_times_decay)
{
    /* No gradient: w * (1 - 0.1 * 0.5)^3 = 0.857375 */
    csl_adamw optimiser;
    float w = 1, gradient = 0;
    cr_assert_eq(csl_adamw_new(1, &optimiser, NULL), CSL_OK);
    for (int k = 0; k < 3; k++) {
        csl_adamw_begin(&optimiser);
        csl_adamw_update(&optimiser, 0.1, 0.5, 0, 1, &w, &gradient);
    }
    cr_assert_float_eq(w, 0.857375f, 1e-6);
    csl_adamw_free(&optimiser);
}

Test(adamw, schedule_warms_up_and_falls_as_a_cosine)
{
    /* 4 steps of warm-up to 2, then from step 4 to the last, step 14, half a cosine to 0.1 * 2 = 0.2:
     * at the middle, step 9, 2 * (0.1 + 0.9 * 0.5) = 1.1 */
    const struct {
        uint64_t step;
        double rate;
    } table[] = {{0, 0.5}, {1, 1}, {3, 2}, {4, 2}, {9, 1.1}, {14, 0.2}, {20, 0.2}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        cr_assert_float_eq(csl_schedule(table[i].step, 15, 4, 2, 0.1), table[i].rate, 1e-12, "step %d",
                           (int)table[i].step);
}

Test(adamw, norm_is_clipped_only_when_too_long)
{
    float gradient[2] = {3, 4};
    cr_assert_float_eq(csl_clip_norm(gradient, 2, 10), 5, 1e-12);
    cr_assert(gradient[0] == 3 && gradient[1] == 4);
    cr_assert_float_eq(csl_clip_norm(gradient, 2, 1), 5, 1e-12);
    cr_assert_float_eq(gradient[0], 0.6f, 1e-6);
    cr_assert_float_eq(gradient[1], 0.8f, 1e-6);
}
