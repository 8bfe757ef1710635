#include "model/prepared.h"

#include <stdlib.h>
#include <string.h>

#include "model/split.h"

typedef struct item {
    size_t weight; /* offset, which names the layer */
    csl_packed *packed;
    bool residual; /* whether a residual is added to its products */
} item;

static const char *const names[] = {[CSL_PRECISION_F32] = "f32", [CSL_PRECISION_BF16] = "bf16"};

csl_status csl_precision_parse(const char *text, csl_precision *precision, csl_error *error)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0) {
            *precision = (csl_precision)i;
            return CSL_OK;
        }
    return csl_fail(error, CSL_EUSAGE, NULL, "a precision is f32 or bf16, not '%s'", text);
}

const char *csl_precision_name(csl_precision precision)
{
    return names[precision];
}

struct csl_prepared {
    csl_precision precision;
    bool learns;
    const float *weights;
    size_t count;
    item items[]; /* sorted by weight */
};

static int by_weight(const void *a, const void *b)
{
    size_t x = ((const item *)a)->weight, y = ((const item *)b)->weight;
    return (x > y) - (x < y);
}

static csl_status add(csl_prepared *p, const csl_linear *l, bool residual, csl_error *error)
{
    item *to = &p->items[p->count];
    csl_status status = p->learns ? csl_packed_learning(l->outputs, l->inputs, &to->packed, error)
                                  : csl_packed_new(p->precision, p->weights + l->weight, l->outputs,
                                                   l->inputs, &to->packed, error);
    if (status) return status;
    to->weight = l->weight;
    to->residual = residual;
    p->count++;
    return CSL_OK;
}

enum { LAYERS_OF_A_BLOCK = 4 };

static csl_status add_block(csl_prepared *p, const csl_block *b, bool cross, csl_error *error)
{
    const csl_linear *layers[LAYERS_OF_A_BLOCK] = {cross ? &b->q : &b->qkv, &b->out, &b->up, &b->down};
    static const bool residual[LAYERS_OF_A_BLOCK] = {false, true, false, true};
    csl_status status = CSL_OK;
    for (size_t i = 0; i < LAYERS_OF_A_BLOCK && !status; i++) status = add(p, layers[i], residual[i], error);
    return status;
}

static csl_status prepare(const csl_network *n, const float *weights, csl_precision precision, bool learns,
                          csl_prepared **prepared, csl_error *error)
{
    *prepared = NULL;
    size_t most =
        n->modality_count * (1 + n->blocks * LAYERS_OF_A_BLOCK) + n->cross_blocks * LAYERS_OF_A_BLOCK;
    csl_prepared *p = calloc(1, sizeof *p + most * sizeof *p->items);
    if (!p) return csl_fail(error, CSL_ENOMEM, NULL, "no memory to prepare %zu layers", most);
    p->weights = weights;
    p->precision = precision;
    p->learns = learns;
    csl_status status = CSL_OK;
    for (size_t m = 0; m < n->modality_count && !status; m++) {
        const csl_modality_layout *l = &n->layout->modality[m];
        status = add(p, &l->embed, false, error);
        for (size_t i = 0; i < n->blocks && !status; i++) status = add_block(p, &l->blocks[i], false, error);
    }
    for (size_t i = 0; i < n->cross_blocks && !status; i++)
        status = add_block(p, &n->layout->cross[i], true, error);
    if (status) {
        csl_prepared_free(p);
        return status;
    }
    /* They were added in the order in which a forward pass uses them. */
    for (size_t i = 0; i + 1 < p->count; i++) csl_packed_followed(p->items[i].packed, p->items[i + 1].packed);
    qsort(p->items, p->count, sizeof *p->items, by_weight);
    *prepared = p;
    return CSL_OK;
}

csl_status csl_prepare(const csl_network *n, const float *weights, csl_precision precision,
                       csl_prepared **prepared, csl_error *error)
{
    return prepare(n, weights, precision, false, prepared, error);
}

size_t csl_prepared_count(const csl_prepared *p)
{
    return p ? p->count : 0;
}

void csl_prepared_renew(csl_prepared *p, size_t layer)
{
    csl_packed_renew(p->items[layer].packed, p->weights + p->items[layer].weight);
}

csl_status csl_prepare_learning(const csl_network *n, const float *weights, csl_prepared **prepared,
                                csl_error *error)
{
    *prepared = NULL;
    if (!csl_split_here()) return CSL_OK;
    csl_status status = prepare(n, weights, CSL_PRECISION_F32, true, prepared, error);
    for (size_t i = 0; i < csl_prepared_count(*prepared); i++) csl_prepared_renew(*prepared, i);
    return status;
}

bool csl_prepared_warm(const csl_prepared *p, csl_products *products)
{
    bool fine = products;
    for (size_t i = 0; i < p->count && fine; i++)
        fine = csl_products_warm(products, p->items[i].packed, p->items[i].residual);
    return fine;
}

void csl_prepared_free(csl_prepared *p)
{
    for (size_t i = 0; p && i < p->count; i++) csl_packed_free(p->items[i].packed);
    free(p);
}

csl_precision csl_prepared_precision(const csl_prepared *p)
{
    return p ? p->precision : CSL_PRECISION_F32;
}

const csl_packed *csl_prepared_layer(const csl_prepared *p, const float *weights, const csl_linear *layer)
{
    if (!p || p->weights != weights) return NULL;
    item key = {.weight = layer->weight};
    const item *found = bsearch(&key, p->items, p->count, sizeof key, by_weight);
    return found ? found->packed : NULL;
}
