/* A case that must be borne whatever happens to one of its files. */
#ifndef CSL_TESTS_DICOM_SPOIL_H
#define CSL_TESTS_DICOM_SPOIL_H

#include "adapter.h"

/* Embeds the set with file `index` cut at 50 places, then with bytes flipped 200 times: each time the adapter
 * must go on or refuse the case with one reason. */
void spoil(file_set *set, uint32_t index);

#endif
