#!/bin/sh
# Real files that nobody here wrote: a CT, a Synthea bundle and a 1000 Genomes VCF are three people, and are read all the same.
. "$(dirname "$0")/lib.sh"

ct=$REAL/dicom/pydicom/test_files/CT_small.dcm
fhir=$(find "$REAL/fhir/synthea_r4_json" -name '*.json' 2>/dev/null | sort | head -n 1)
vcf=$REAL/vcf/plink_1kg/2.0/Tests/TEST_PHASED_VCF/1kg_phase3_chr21_start.vcf.gz
if [ ! -f "$ct" ] || [ -z "$fhir" ] || [ ! -f "$vcf" ]; then
    say "skipped: no real files under $REAL"
    exit 77
fi
mkdir -p "$T/cases/real"
cp "$ct" "$fhir" "$vcf" "$T/cases/real/"
"$CONSILIUM" synth --cases 24 --seed 3 --out "$T/cohort" >/dev/null 2>&1 || fail "synth"
"$CONSILIUM" train "$T/cohort" --out "$T/m.safetensors" --epochs 1 >/dev/null 2>&1 || fail "train"
"$CONSILIUM" audit keygen --out "$T/key" --origin test.example/audit >/dev/null || fail "keygen"

expect 0 "embed" "$CONSILIUM" embed "$T/cases/real"
same "all three are read" "$(jq -r 'select(.type=="token").modality' "$T/out" | sort -u | tr '\n' ' ')" "image record variant "
expect 1 "strict refuses" "$CONSILIUM" run "$T/cases" --model "$T/m.safetensors" --out "$T/strict" --key "$T/key/audit.pem"
jq -r .reason "$T/strict/results.ndjson" >"$T/reason"
says "$T/reason" "naming the CT's patient" "1CT1"
expect 0 "warn scores" "$CONSILIUM" run "$T/cases" --model "$T/m.safetensors" --out "$T/warn" --key "$T/key/audit.pem" --identity warn
same "it has a score" "$(jq -r '.status' "$T/warn/results.ndjson")" scored

# Every XML record is valid or not by HL7's schemas as xmllint finds it.
find "$REAL/fhir/r4_cases" -name '*.xml' | sed "s|^|$REAL/schemas/fhir_r4/fhir-single.xsd\t|" >"$T/list"
find "$REAL/ccda/Documents" -iname '*.xml' | sed "s|^|$REAL/schemas/cda_sdtc/infrastructure/cda/CDA_SDTC.xsd\t|" >>"$T/list"
tab=$(printf '\t')
while IFS=$tab read -r schema record; do
    theirs=0
    xmllint --nonet --noout --schema "$schema" "$record" >/dev/null 2>&1 || theirs=1
    expect $theirs "as xmllint finds ${record##*/}" "$CONSILIUM" embed --schema "$schema" "$record"
done <"$T/list"
finish
