#!/bin/sh
# The EBI vcf-validator's own files: all that must pass are read, and of those that must fail all are refused but the ones named
# here. CONSILIUM_VCF_VALIDATOR: a checkout of https://github.com/EBIvariation/vcf-validator (default: vcf/vcf-validator of the
# test data).
. "$(dirname "$0")/lib.sh"
files=${CONSILIUM_VCF_VALIDATOR:-$REAL/vcf/vcf-validator}/test/input_files
[ -d "$files/v4.1/failed" ] || { say "skipped: no vcf-validator under ${files%/test/input_files}"; exit 77; }

# Read all the same; docs/variant.md says why. The numbers of HQ, MQ, ... differ by one between the versions.
common='body_duplicated_000 body_duplicated_001 body_duplicated_003 body_format_003 body_sample_005
    body_samples_ploidy_002 meta_sample_000 meta_sample_001'
allowed() {
    case $1 in
    v4.1) say $common meta_format_021 meta_format_025 ;;
    v4.2) say $common meta_format_020 meta_format_024 body_info_033 body_sample_010 ;;
    esac | tr ' ' '\n' | sort
}

for counts in "v4.1 182 192 25" "v4.2 177 189 25" "v4.3 218 218 26" "v4.4 244 244 36"; do
    set -- $counts
    refused=0 failing=0 passing=0 wrong=''
    : >"$T/read"
    for file in "$files/$1/failed"/*; do
        failing=$((failing + 1))
        if "$CONSILIUM" embed "$file" >/dev/null 2>&1; then
            basename "$file" .vcf | sed 's/^failed_//' >>"$T/read"
        else
            refused=$((refused + 1))
        fi
    done
    for file in "$files/$1/passed"/*; do
        passing=$((passing + 1))
        "$CONSILIUM" embed "$file" >/dev/null 2>&1 || wrong="$wrong $(basename "$file")"
    done
    same "$1: refused of those that must fail" "$2 of $3" "$refused of $failing"
    same "$1: which of those are read" "$(allowed "$1")" "$(sort "$T/read")"
    same "$1: refused of those that must pass" "none of $4" "${wrong:-none} of $passing"
done
finish
