#include "file/syntax.h"

#include <string.h>

static const csl_syntax syntaxes[] = {
    {"1.2.840.10008.1.2", "Implicit VR Little Endian", CSL_CODEC_NATIVE, false},
    {"1.2.840.10008.1.2.1", "Explicit VR Little Endian", CSL_CODEC_NATIVE, false},
    {"1.2.840.10008.1.2.1.98", "Encapsulated Uncompressed Explicit VR Little Endian", CSL_CODEC_NATIVE, true},
    {"1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian", CSL_CODEC_NATIVE, false},
    {"1.2.840.10008.1.2.2", "Explicit VR Big Endian", CSL_CODEC_NATIVE, false},
    {"1.2.840.113619.5.2", "GE Private Implicit VR with Big Endian Pixels", CSL_CODEC_NATIVE, false},
    {"1.2.840.10008.1.2.4.50", "JPEG Baseline (Process 1)", CSL_CODEC_JPEG, true},
    {"1.2.840.10008.1.2.4.51", "JPEG Extended (Process 2 & 4)", CSL_CODEC_JPEG, true},
    {"1.2.840.10008.1.2.4.53", "JPEG Spectral Selection, Non-Hierarchical (Process 6 & 8)", CSL_CODEC_JPEG,
     true},
    {"1.2.840.10008.1.2.4.55", "JPEG Full Progression, Non-Hierarchical (Process 10 & 12)", CSL_CODEC_JPEG,
     true},
    {"1.2.840.10008.1.2.4.57", "JPEG Lossless, Non-Hierarchical (Process 14)", CSL_CODEC_JPEG_LOSSLESS, true},
    {"1.2.840.10008.1.2.4.70", "JPEG Lossless, First-Order Prediction (Process 14 SV1)",
     CSL_CODEC_JPEG_LOSSLESS, true},
    {"1.2.840.10008.1.2.4.80", "JPEG-LS Lossless", CSL_CODEC_JPEG_LS, true},
    {"1.2.840.10008.1.2.4.81", "JPEG-LS Lossy (Near-Lossless)", CSL_CODEC_JPEG_LS, true},
    {"1.2.840.10008.1.2.4.90", "JPEG 2000 (Lossless Only)", CSL_CODEC_JPEG2000, true},
    {"1.2.840.10008.1.2.4.91", "JPEG 2000", CSL_CODEC_JPEG2000, true},
    {"1.2.840.10008.1.2.4.92", "JPEG 2000 Part 2 Multi-component (Lossless Only)", CSL_CODEC_JPEG2000, true},
    {"1.2.840.10008.1.2.4.93", "JPEG 2000 Part 2 Multi-component", CSL_CODEC_JPEG2000, true},
    {"1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000 (Lossless Only)", CSL_CODEC_JPEG2000, true},
    {"1.2.840.10008.1.2.4.202", "High-Throughput JPEG 2000 with RPCL Options (Lossless Only)",
     CSL_CODEC_JPEG2000, true},
    {"1.2.840.10008.1.2.4.203", "High-Throughput JPEG 2000", CSL_CODEC_JPEG2000, true},
    {"1.2.840.10008.1.2.5", "RLE Lossless", CSL_CODEC_RLE, true},
    {"1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression", CSL_CODEC_DEFLATE, true},
    /* Known by name, to be refused by it. */
    {"1.2.840.10008.1.2.4.94", "JPIP Referenced", CSL_CODEC_NONE, true},
    {"1.2.840.10008.1.2.4.95", "JPIP Referenced Deflate", CSL_CODEC_NONE, true},
    {"1.2.840.10008.1.2.4.100", "MPEG2 Main Profile / Main Level", CSL_CODEC_NONE, true},
    {"1.2.840.10008.1.2.4.100.1", "Fragmentable MPEG2 Main Profile / Main Level", CSL_CODEC_NONE, true},
    {"1.2.840.10008.1.2.4.101", "MPEG2 Main Profile / High Level", CSL_CODEC_NONE, true},
    {"1.2.840.10008.1.2.4.101.1", "Fragmentable MPEG2 Main Profile / High Level", CSL_CODEC_NONE, true},
    {"1.2.840.10008.1.2.4.102", "MPEG-4 AVC/H.264 High Profile / Level 4.1", CSL_CODEC_NONE, true},
    {"1.2.840.10008.1.2.4.103", "MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1", CSL_CODEC_NONE,
     true},
    {"1.2.840.10008.1.2.4.104", "MPEG-4 AVC/H.264 High Profile / Level 4.2 for 2D Video", CSL_CODEC_NONE,
     true},
    {"1.2.840.10008.1.2.4.105", "MPEG-4 AVC/H.264 High Profile / Level 4.2 for 3D Video", CSL_CODEC_NONE,
     true},
    {"1.2.840.10008.1.2.4.106", "MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2", CSL_CODEC_NONE, true},
    {"1.2.840.10008.1.2.4.107", "HEVC/H.265 Main Profile / Level 5.1", CSL_CODEC_NONE, true},
    {"1.2.840.10008.1.2.4.108", "HEVC/H.265 Main 10 Profile / Level 5.1", CSL_CODEC_NONE, true},
    {"1.2.840.10008.1.2.4.110", "JPEG XL Lossless", CSL_CODEC_NONE, true},
    {"1.2.840.10008.1.2.4.111", "JPEG XL JPEG Recompression", CSL_CODEC_NONE, true},
    {"1.2.840.10008.1.2.4.112", "JPEG XL", CSL_CODEC_NONE, true},
};

const csl_syntax *csl_syntax_of(const char *uid)
{
    for (size_t i = 0; i < sizeof syntaxes / sizeof *syntaxes; i++) {
        if (strcmp(syntaxes[i].uid, uid) == 0) return &syntaxes[i];
    }
    return NULL;
}
