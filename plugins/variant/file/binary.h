/* BCF, read by htslib. For source.c alone. */
#ifndef VARIANT_BINARY_H
#define VARIANT_BINARY_H

#include "file/source.h"

/* The header of a file that starts with "BCF". 0 or -1. */
int variant_binary_open(variant_source *source, const csl_input *input);
/* 1: source->record holds the next record, of the wanted sample; 0: the end; -1. */
int variant_binary_next(variant_source *source);

#endif
