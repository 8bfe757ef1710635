"""profile.py FOLDER CASES < `perf script -F pid,ip,sym,dso`: processor microseconds a case, by process and by what was done.

What a sample counts for is told by the library and function it fell into, and by the kernel's entry where it fell into the
kernel. FOLDER/empty is the same of a run over one case, whose start-up is taken off.
"""
import collections
import re
import sys

HERTZ = 4000
LIBRARIES = [
    (r"libcrypto", "SHA-256, signatures"),
    (r"dicom\.so|libdcm|libof(std|log)|liboflog|libopenjp2|libcharls|libjpeg", "images: DCMTK, codecs, features"),
    (r"record\.so|libxml2|libsimdjson", "record: JSON, XML, events"),
    (r"variant\.so|libhts|libdeflate", "variants: BGZF, VCF, BCF"),
    (r"libdnnl|perf-\d+\.map|\[JIT\]|libgomp", "model: oneDNN"),
    (r"libsqlite3", "store: SQLite"),
    (r"libjansson", "JSON of answers and results"),
    (r"libz\.so", "zlib: key image, BGZF"),
    (r"libseccomp", "sandbox"),
    (r"libc\.so|libstdc\+\+|libm\.so|ld-linux", "C library: memory, text, numbers"),
]
FUNCTIONS = [
    (r"csl_split|csl_product|csl_gemm|csl_linear", "model: products"),
    (r"attend|csl_kernel_softmax|again|dots", "model: attention"),
    (r"csl_kernel|csl_conv|gather|scatter|look|csl_stem|plan_all|encode|csl_network|csl_encoder|csl_fusion|csl_block|take$", "model: norms, GELU, stem, the rest"),
    (r"walk|integrate|add_gradients|csl_integrated|sum_of|path", "model: integral"),
    (r"csl_portrait|csl_novelty|csl_features|csl_preprocess|csl_venn|csl_answers", "model: normalising, novelty, calibration"),
    (r"csl_audit|audit_|csl_merkle|tile|ledger", "audit log"),
    (r"store_|record_|make_|text_|csl_buffer|put_|export", "answers, results, tables"),
]
ENTRIES = [
    (r"page_fault", "kernel: page faults"),
    (r"clone|fork|ret_from_fork|copy_process|dup_mm", "kernel: fork"),
    (r"do_exit|exit_group|exit_mmap|wait4|waitid|mmput", "kernel: end of a process"),
    (r"landlock|seccomp|bpf|do_jit|prctl", "kernel: sandbox"),
    (r"fsync|fdatasync|sync_file", "kernel: fsync"),
    (r"mmap|munmap|brk|madvise|mprotect", "kernel: memory"),
    (r"openat|newfstatat|getdents|close|readlink", "kernel: opening files"),
    (r"read|write|poll|pipe|socket|sendmsg|recvmsg", "kernel: reading, pipes"),
]


def stage(stack):
    symbol, library = stack[0]
    if library.startswith("[kernel") or "vmlinux" in library:
        for name, _ in stack:
            if name.startswith(("__x64_sys", "__do_sys", "asm_", "do_exit", "ret_from_fork", "exit_mmap", "do_jit", "bpf")):
                for pattern, what in ENTRIES:
                    if re.search(pattern, name):
                        return what
                break
        return "kernel: the rest"
    for pattern, what in LIBRARIES:
        if re.search(pattern, library):
            return what
    if library.endswith("/consilium"):
        for pattern, what in FUNCTIONS:
            if re.search(pattern, symbol):
                return what
        return "the program itself, the rest"
    return "other libraries"


def count(lines):
    seen, stack, pid, first = collections.Counter(), [], None, None
    for line in lines:
        if line.startswith("\t"):
            place, _, library = line.split(None, 1)[1].rstrip("\n").rpartition(" (")
            stack.append((place.split("+")[0], library.rstrip(")")))
        elif line.strip():
            pid = line.split()[0]
            first = first or pid
        elif stack:
            seen["conductor" if pid == first else "workers and children", stage(stack)] += 1
            stack = []
    return seen


def main(folder, cases):
    whole = count(sys.stdin)
    with open(folder + "/empty") as file:
        empty = count(file)
    scale = 1e6 / HERTZ / (cases - 1)
    for process in ("workers and children", "conductor"):
        rows = {what: (n - empty[p, what]) * scale for (p, what), n in whole.items() if p == process}
        print(f"{process}: {sum(rows.values()):.0f} us a case")
        for what, us in sorted(rows.items(), key=lambda row: -row[1]):
            if us >= 5:
                print(f"  {us:7.0f}  {what}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
