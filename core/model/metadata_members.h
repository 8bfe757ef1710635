/* What both directions of the metadata share. Private to metadata.c and metadata_write.c. */
#ifndef CSL_MODEL_METADATA_MEMBERS_H
#define CSL_MODEL_METADATA_MEMBERS_H

#include "model/metadata.h"

#define METADATA_FORMAT  "consilium-model"
#define METADATA_VERSION "2"

/* Numbers of csl_network by name. */
typedef struct metadata_member {
    const char *name;
    size_t offset;
} metadata_member;

extern const metadata_member metadata_configuration[];
extern const size_t metadata_configuration_count;

static inline size_t *metadata_at(csl_network *network, size_t i)
{
    return (size_t *)(void *)((char *)network + metadata_configuration[i].offset);
}

#endif
