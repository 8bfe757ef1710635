#include "model/layout.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consilium/plugin.h"
#include "model/contrast.h"

enum { ALIGN = 16 /* floats: one cache line */ };

typedef struct builder {
    csl_network *network;
    size_t capacity;
    char prefix[64];
    bool failed;
} builder;

static void prefix(builder *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void prefix(builder *b, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(b->prefix, sizeof b->prefix, format, arguments);
    va_end(arguments);
}

/* Adds one tensor, "PREFIX.name"; columns 0 makes a vector. */
static size_t tensor(builder *b, const char *name, size_t rows, size_t columns, csl_init init,
                     float deviation)
{
    csl_network *n = b->network;
    if (b->failed) return 0;
    if (n->parameter_count == b->capacity) {
        size_t capacity = b->capacity ? 2 * b->capacity : 128;
        csl_parameter *grown = realloc(n->parameters, capacity * sizeof *grown);
        if (!grown) {
            b->failed = true;
            return 0;
        }
        n->parameters = grown;
        b->capacity = capacity;
    }
    csl_parameter *p = &n->parameters[n->parameter_count++];
    *p = (csl_parameter){
        .rank = columns ? 2 : 1, .shape = {rows, columns}, .offset = n->weight_count, .init = init};
    p->count = columns ? rows * columns : rows;
    p->deviation = deviation;
    p->decay = columns > 0;
    snprintf(p->name, sizeof p->name, "%s.%s", b->prefix, name);
    n->weight_count += (p->count + ALIGN - 1) / ALIGN * ALIGN;
    return p->offset;
}

static csl_linear linear(builder *b, const char *name, size_t inputs, size_t outputs, float gain,
                         csl_init bias)
{
    char full[64];
    csl_linear l = {.inputs = inputs, .outputs = outputs, .weight = CSL_NO_TENSOR, .bias = CSL_NO_TENSOR};
    if (!outputs) return l; /* a head of no labels */
    snprintf(full, sizeof full, "%s.weight", name);
    l.weight = tensor(b, full, outputs, inputs, gain > 0 ? CSL_INIT_NORMAL : CSL_INIT_ZERO,
                      gain / sqrtf((float)inputs));
    snprintf(full, sizeof full, "%s.bias", name);
    l.bias = tensor(b, full, outputs, 0, bias, 0.0f);
    return l;
}

static csl_norm norm(builder *b, const char *name, size_t width)
{
    char full[64];
    csl_norm l;
    snprintf(full, sizeof full, "%s.weight", name);
    l.weight = tensor(b, full, width, 0, CSL_INIT_ONE, 0.0f);
    snprintf(full, sizeof full, "%s.bias", name);
    l.bias = tensor(b, full, width, 0, CSL_INIT_ZERO, 0.0f);
    return l;
}

/* What a block adds to its stream starts small, by the depth of the stack (Radford et al. 2019). */
static void block(builder *b, csl_block *l, bool cross, size_t depth)
{
    size_t width = b->network->width, hidden = width * b->network->mlp_ratio;
    float residual = 1.0f / sqrtf(2.0f * (float)depth);
    l->norm1 = norm(b, "norm1", width);
    if (cross) {
        l->q = linear(b, "q", width, width, 1.0f, CSL_INIT_ZERO);
        l->kv = linear(b, "kv", width, 2 * width, 1.0f, CSL_INIT_ZERO);
    } else {
        l->qkv = linear(b, "qkv", width, 3 * width, 1.0f, CSL_INIT_ZERO);
    }
    l->out = linear(b, "out", width, width, residual, CSL_INIT_ZERO);
    l->norm2 = norm(b, "norm2", width);
    l->up = linear(b, "up", width, hidden, 1.0f, CSL_INIT_ZERO);
    l->down = linear(b, "down", hidden, width, residual, CSL_INIT_ZERO);
}

static csl_conv conv(builder *b, const char *name, size_t channels, size_t outputs, size_t stride)
{
    return (csl_conv){.linear = linear(b, name, 9 * channels, outputs, 1.0f, CSL_INIT_ZERO),
                      .channels = channels,
                      .stride = stride};
}

static void stem(builder *b, csl_stem *s, const csl_network_modality *m)
{
    const csl_network *n = b->network;
    size_t channels = n->stem_channels;
    while (m->patch_side >> (s->halvings + 1)) s->halvings++;
    if (!s->halvings) return;
    prefix(b, "%s.stem", m->name);
    s->first = conv(b, "first", 1, s->halvings > 1 ? channels : n->width, 2);
    for (size_t k = 0; k + 1 < s->halvings; k++, channels *= 2) {
        csl_stem_level *l = &s->level[k];
        prefix(b, "%s.stem.%zu", m->name, k);
        l->norm1 = norm(b, "norm1", channels);
        l->mix = conv(b, "mix", channels, channels, 1);
        l->add = linear(b, "add", channels, channels, 1.0f / sqrtf(2.0f * (float)s->halvings), CSL_INIT_ZERO);
        l->norm2 = norm(b, "norm2", channels);
        l->half = conv(b, "half", channels, k + 2 < s->halvings ? 2 * channels : n->width, 2);
    }
}

/* Heads start near the prior, small beside it, so that the first steps do not unlearn noise. */
#define HEAD_GAIN       0.1f
#define TOKEN_DEVIATION 0.5f

static void modality(builder *b, csl_modality_layout *l, const csl_network_modality *m)
{
    const csl_network *n = b->network;
    size_t width = n->width, inputs = m->feature_count + m->position_count;
    prefix(b, "%s", m->name);
    l->unknown = tensor(b, "unknown", inputs, 0, CSL_INIT_ZERO, 0.0f);
    l->embed = linear(b, "embed", inputs, width, 1.0f, CSL_INIT_ZERO);
    stem(b, &l->stem, m);
    prefix(b, "%s", m->name);
    l->code = l->code_scale = CSL_NO_TENSOR;
    if (m->code_rows > 1) {
        l->code = tensor(b, "code", m->code_rows, width, CSL_INIT_NORMAL, TOKEN_DEVIATION);
        if (m->coded_feature >= 0)
            l->code_scale = tensor(b, "code_scale", m->code_rows, width, CSL_INIT_NORMAL, TOKEN_DEVIATION);
    }
    l->class_token = tensor(b, "class", width, 0, CSL_INIT_NORMAL, TOKEN_DEVIATION);
    for (size_t i = 0; i < n->blocks; i++) {
        prefix(b, "%s.block.%zu", m->name, i);
        block(b, &l->blocks[i], false, n->blocks);
    }
    prefix(b, "%s", m->name);
    l->norm = norm(b, "norm", width);
    l->pool = linear(b, "pool", 3 * width, width, 1.0f, CSL_INIT_ZERO);
    l->late = linear(b, "late", width, n->label_count, HEAD_GAIN, CSL_INIT_PRIOR);
    l->early = linear(b, "early", width, width, 1.0f, CSL_INIT_ZERO);
    l->early_missing = tensor(b, "early_missing", width, 0, CSL_INIT_ZERO, 0.0f);
    l->joint_modality = tensor(b, "joint_modality", width, 0, CSL_INIT_NORMAL, TOKEN_DEVIATION);
    l->joint_missing = tensor(b, "joint_missing", width, 0, CSL_INIT_ZERO, 0.0f);
    l->pair = linear(b, "pair", width, width, 1.0f, CSL_INIT_ZERO);
    l->project = linear(b, "project", width, n->projection, 1.0f, CSL_INIT_ZERO);
}

static void fusion(builder *b, csl_layout *l)
{
    const csl_network *n = b->network;
    size_t width = n->width, all = n->modality_count * width;
    prefix(b, "fusion.early");
    l->early_up = linear(b, "up", all, width, 1.0f, CSL_INIT_ZERO);
    l->early_down = linear(b, "down", width, n->label_count, HEAD_GAIN, CSL_INIT_PRIOR);
    prefix(b, "fusion.joint");
    l->bottleneck = tensor(b, "bottleneck", n->bottlenecks, width, CSL_INIT_NORMAL, TOKEN_DEVIATION);
    for (size_t i = 0; i < n->cross_blocks; i++) {
        prefix(b, "fusion.joint.block.%zu", i);
        block(b, &l->cross[i], true, n->cross_blocks);
    }
    prefix(b, "fusion.joint");
    l->norm = norm(b, "norm", width);
    l->mix_up = linear(b, "mix_up", all, 2 * width, 1.0f, CSL_INIT_ZERO);
    l->mix_down = linear(b, "mix_down", 2 * width, width, 1.0f, CSL_INIT_ZERO);
    l->pair = linear(b, "pair", width, width, 1.0f, CSL_INIT_ZERO);
    l->head = linear(b, "head", width, n->label_count, HEAD_GAIN, CSL_INIT_PRIOR);
    prefix(b, "fusion");
    l->gate = linear(b, "gate", width, 3, 0.0f, CSL_INIT_ZERO);
    prefix(b, "fusion.contrast");
    l->log_scale = tensor(b, "log_scale", 1, 0, CSL_INIT_TEMPERATURE, 0.0f);
}

void csl_network_defaults(csl_network *network)
{
    network->width = 64;
    network->heads = 4;
    network->blocks = 2;
    network->bottlenecks = 8;
    network->cross_blocks = 2;
    network->mlp_ratio = 2;
    network->stem_channels = 16;
    network->projection = 32;
    network->token_budget = CSL_NETWORK_TOKEN_BUDGET;
}

static bool is_word(const char *name, size_t size)
{
    size_t length = strnlen(name, size);
    if (!length || length == size || strcmp(name, "fusion") == 0) return false;
    for (size_t i = 0; i < length; i++)
        if (!(name[i] >= 'a' && name[i] <= 'z') && !(i && name[i] >= '0' && name[i] <= '9') &&
            !(i && name[i] == '_'))
            return false;
    return true;
}

static csl_status check_modality(const csl_network *n, size_t index, csl_error *error)
{
    const csl_network_modality *m = &n->modality[index];
    if (!is_word(m->name, sizeof m->name))
        return csl_fail(error, CSL_EFORMAT, "configuration",
                        "modality %zu has no usable name: one lower-case word of at most %zu letters other "
                        "than \"fusion\"",
                        index, sizeof m->name - 1);
    for (size_t i = 0; i < index; i++)
        if (strcmp(n->modality[i].name, m->name) == 0)
            return csl_fail(error, CSL_EFORMAT, "configuration", "modality %s appears twice", m->name);
    if (m->feature_count < 1 || m->feature_count > CSL_MAX_FEATURES || m->position_count > CSL_MAX_POSITION ||
        m->coded_feature < -1 || m->coded_feature >= (int)m->feature_count || m->code_rows < 1 ||
        m->code_rows > CSL_NETWORK_MAX_CODES)
        return csl_fail(
            error, CSL_EFORMAT, "configuration",
            "modality %s has %zu features, %zu positions, coded feature %d and %zu code rows; right would be "
            "1..%u, 0..%u, -1 or one of the features, 1..%d",
            m->name, m->feature_count, m->position_count, m->coded_feature, m->code_rows, CSL_MAX_FEATURES,
            CSL_MAX_POSITION, CSL_NETWORK_MAX_CODES);
    size_t side = m->patch_side;
    if (side && (side < 2 || side > CSL_MAX_PATCH || (side & (side - 1)) ||
                 m->patch_feature > m->feature_count || side * side > m->feature_count - m->patch_feature))
        return csl_fail(
            error, CSL_EFORMAT, "configuration",
            "modality %s has a patch of %zu x %zu pixels from feature %zu of %zu on; its side must be 2, 4, "
            "8, 16 or 32 and all of it among the features",
            m->name, side, side, m->patch_feature, m->feature_count);
    return CSL_OK;
}

static csl_status check(const csl_network *n, csl_error *error)
{
    const struct {
        const char *name;
        size_t value, least, most;
    } range[] = {
        {"width", n->width, 4, CSL_NETWORK_MAX_WIDTH},
        {"heads", n->heads, 1, n->width},
        {"blocks", n->blocks, 1, CSL_NETWORK_MAX_BLOCKS},
        {"bottlenecks", n->bottlenecks, 1, CSL_NETWORK_MAX_WIDTH},
        {"cross_blocks", n->cross_blocks, 1, CSL_NETWORK_MAX_BLOCKS},
        {"mlp_ratio", n->mlp_ratio, 1, 16},
        {"stem_channels", n->stem_channels, 1, 256},
        {"projection", n->projection, 1, CSL_NETWORK_MAX_WIDTH},
        {"token_budget", n->token_budget, 1, CSL_MAX_TOKENS},
        {"labels", n->label_count, 0, CSL_MAX_LABELS},
        {"modalities", n->modality_count, 1, CSL_MAX_MODALITIES},
    };
    for (size_t i = 0; i < sizeof range / sizeof *range; i++)
        if (range[i].value < range[i].least || range[i].value > range[i].most)
            return csl_fail(error, CSL_EFORMAT, "configuration", "%s is %zu, must be %zu..%zu", range[i].name,
                            range[i].value, range[i].least, range[i].most);
    if (n->width % n->heads)
        return csl_fail(error, CSL_EFORMAT, "configuration", "width %zu is not a multiple of heads %zu",
                        n->width, n->heads);
    for (size_t i = 0; i < n->modality_count; i++) {
        csl_status status = check_modality(n, i, error);
        if (status) return status;
    }
    return CSL_OK;
}

csl_status csl_network_layout(csl_network *network, csl_error *error)
{
    csl_status status = check(network, error);
    if (status) return status;
    builder b = {.network = network};
    csl_layout *l = calloc(1, sizeof *l);
    network->parameters = NULL;
    network->parameter_count = network->weight_count = 0;
    network->layout = l;
    if (!l || !(l->cross = calloc(network->cross_blocks, sizeof *l->cross))) goto memory;
    for (size_t i = 0; i < network->modality_count; i++) {
        if (!(l->modality[i].blocks = calloc(network->blocks, sizeof *l->modality[i].blocks))) goto memory;
        modality(&b, &l->modality[i], &network->modality[i]);
    }
    fusion(&b, l);
    if (!b.failed) return CSL_OK;
memory:
    csl_network_free(network);
    return csl_fail(error, CSL_ENOMEM, NULL, "no memory for the network's table of tensors");
}

void csl_network_free(csl_network *network)
{
    csl_layout *l = network->layout;
    if (l) {
        for (size_t i = 0; i < CSL_MAX_MODALITIES; i++) free(l->modality[i].blocks);
        free(l->cross);
        free(l);
    }
    free(network->parameters);
    *network = (csl_network){0};
}

const csl_parameter *csl_network_parameter(const csl_network *network, const char *name)
{
    for (size_t i = 0; i < network->parameter_count; i++)
        if (strcmp(network->parameters[i].name, name) == 0) return &network->parameters[i];
    return NULL;
}

/* FNV-1a of a tensor's name: its stream of the seed, so that a tensor added elsewhere does not move it. */
static uint64_t stream(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *name; name++) hash = (hash ^ (uint8_t)*name) * 0x100000001b3u;
    return hash;
}

void csl_network_init(const csl_network *network, uint64_t seed, const float *prior, float *weights)
{
    memset(weights, 0, network->weight_count * sizeof *weights);
    for (size_t i = 0; i < network->parameter_count; i++) {
        const csl_parameter *p = &network->parameters[i];
        float *w = weights + p->offset;
        csl_rng rng;
        csl_rng_seed_stream(&rng, seed, stream(p->name));
        for (size_t j = 0; j < p->count; j++) switch (p->init) {
            case CSL_INIT_ZERO: break;
            case CSL_INIT_ONE: w[j] = 1.0f; break;
            case CSL_INIT_NORMAL: w[j] = p->deviation * (float)csl_rng_normal(&rng); break;
            case CSL_INIT_PRIOR: w[j] = prior ? prior[j] : 0.0f; break;
            case CSL_INIT_TEMPERATURE: w[j] = CSL_CONTRAST_START; break;
            }
    }
}
