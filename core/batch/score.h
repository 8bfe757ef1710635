/* Inside batch: the duty of `run`. A worker loads the model; a child reads a case, compares its facts, asks
 * the model, and answers with a record:
 *
 *   text   JSON, {"status": "scored" | "failed" | "withheld", "reason": text or null, "rules": [text],
 *          "code": csl_status of a failure, else 0, "patients": [identifier], "studies": [fact], "adapters":
 * [plugin id or "", an input], "scores": [{"probability", "low", "high", "logit", "baseline",
 * "contributions": [number a modality], "findings": [{"modality", "label", "attribution", "source"}]}],
 * "sets": [[bool an answer] a task], "novelty": {...} or null (both as caution.h has them), "present": [bool
 * a modality], "warnings":
 * [{"text", "place", "source"}], "sha256": [hex an input], "picture": {"width", "height", "aspect",
 * "caption", "source"} or null} bytes  the picture, [height][width], 0 black to 255 white
 *
 * Labels and modalities are in the model's order. record.h has the reader. */
#ifndef CSL_BATCH_SCORE_H
#define CSL_BATCH_SCORE_H

#include "batch/worker.h"

typedef struct score_options {
    const char *model; /* path */
    csl_identity identity;
    unsigned window_days;
    csl_caution caution; /* defaults filled in */
    csl_precision precision;
    bool findings;
} score_options;

/* As duty.warm and duty.answer; duty.options is a score_options. The hello gets "model": {"sha256", "labels":
 * [{"name", "code", "system"}], "tasks": [{"name", "answers": [text]}], "modalities":
 * [text]}. */
csl_status score_warm(const duty *d, csl_registry *registry, void **state, json_t *hello, csl_error *error);
csl_status score_answer(const duty *d, void *state, csl_case *c, csl_status read, const csl_error *why,
                        stage *where, csl_buffer *out, csl_error *error);

#endif
