/* Writes one synthetic patient's variants: the org.consilium.synth extension. docs/variant.md says what is
 * planted. */
#ifndef VARIANT_SYNTH_H
#define VARIANT_SYNTH_H

#include <consilium/synth.h>

int32_t variant_synth_write(const csl_synth_subject *subject, const csl_synth_writer *writer);

#endif
