#include "batch/leaf.h"

#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"

csl_status leaf_at(const char *audit_folder, uint64_t index, csl_digest *leaf, csl_error *error)
{
    uint8_t *entry = NULL;
    size_t length;
    csl_status status = csl_audit_entry(audit_folder, index, &entry, &length, error);
    if (status != CSL_OK) return status;
    uint8_t *input = malloc(length + 1);
    if (input) {
        input[0] = 0;
        memcpy(input + 1, entry, length);
        status = csl_sha256(input, length + 1, leaf, error);
    } else {
        status = csl_fail(error, CSL_ENOMEM, audit_folder, "no memory for an entry");
    }
    free(input);
    free(entry);
    return status;
}
