/* Loops that are worth it are compiled for the wide registers of newer processors too; the loader picks. */
#ifndef CSL_PLUGIN_DICOM_VECTOR_H
#define CSL_PLUGIN_DICOM_VECTOR_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define CSL_VECTOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CSL_VECTOR
#endif

#endif
