#!/bin/sh
# Of a VCF of several samples the one of the case's patient is read: named on the command line, or in the list of cases.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 3

{
    printf '##fileformat=VCFv4.2\n##contig=<ID=1,length=248956422>\n##FORMAT=<ID=GT,Number=1,Type=String,Description="g">\n'
    printf '#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\tS2\tS3\n'
    printf '1\t100\t.\tA\tC\t.\tPASS\t.\tGT\t0/1\t0/0\t1/1\n1\t200\t.\tG\tT\t.\tPASS\t.\tGT\t0/0\t0/1\t0/0\n'
} >all.vcf
printf 'patient,sample\nP-1,S2\nP-2,S3\n' >map.csv
seen() { "$CONSILIUM" embed "$@" 2>/dev/null | jq -r 'select(.type=="token" and .position[1]).label' | paste -sd';'; }
same "the first without a patient" "1:100 A>C, heterozygous" "$(seen all.vcf)"
same "the sample that is called as the patient" "1:200 G>T, heterozygous" "$(seen --patient S2 all.vcf)"
same "the sample that the map names" "1:100 A>C, homozygous" "$(seen --patient P-2 all.vcf map.csv)"
expect 1 "a patient of whom there is nothing" "$CONSILIUM" embed --patient P-3 all.vcf
says "$T/err" "says what would help" 'a file of the case with the columns patient and sample'
expect 1 "a patient who is not in the map" "$CONSILIUM" embed --patient P-3 all.vcf map.csv
says "$T/err" "names the map" 'map.csv.*no line of the patient "P-3"'
expect 2 "an empty patient" "$CONSILIUM" embed --patient '' all.vcf

# In a batch the list of cases says it: the same two files, three patients.
"$CONSILIUM" synth --cases 12 --seed 3 --out cohort >/dev/null 2>&1
expect 0 "a model" "$CONSILIUM" train cohort --out m.safetensors --epochs 1 --jobs 1
{
    echo case,path,patient
    for p in P-1 P-2 S1; do
        echo "of $p,all.vcf,$p"
        [ $p = S1 ] || echo "of $p,map.csv,"
    done
    echo "of nobody,all.vcf,P-9"
} >list.csv
expect 1 "a batch with one case of nobody's" "$CONSILIUM" run list.csv --model m.safetensors --out scored --jobs 1
same "each patient has a score of their own" 3 "$(jq -c 'select(.status=="scored") | .scores' scored/results.ndjson | sort -u | wc -l)"
says scored/results.ndjson "nobody's case says why" 'none of the 3 samples is called'

# A file that breaks a rule of VCF fails its case, unless the run is told to read on.
mkdir -p odd/cases/one && sed 's/^1\t200\t/1\t50\t/' all.vcf >odd/cases/one/all.vcf
expect 1 "a VCF that is not sorted" "$CONSILIUM" run odd --model m.safetensors --out refused --jobs 1
says refused/results.ndjson "names the line and the rule" 'line 6 \(record 2\): POS 50 stands behind 100'
expect 0 "read on" "$CONSILIUM" run odd --model m.safetensors --out read --jobs 1 --option variant.conformance=warn --option variant.sample=S2
says read/results.ndjson "with a warning" 'not as the VCF standard has it: POS 50'
expect 2 "other options are another run" "$CONSILIUM" run odd --model m.safetensors --out read --jobs 1
says "$T/err" "says which" 'its options was'
expect 1 "an option that the adapter refuses" "$CONSILIUM" run odd --model m.safetensors --out alone --jobs 1 --option variant.genes=g.bed
says alone/results.ndjson "with the reason" 'option variant.genes must be set together with variant.panel'
expect 2 "an option that no adapter has" "$CONSILIUM" run odd --model m.safetensors --out none --jobs 1 --option variant.perhaps=1
says "$T/err" "names it" "no plugin has an option 'variant.perhaps'"
expect 0 "in training too" "$CONSILIUM" train cohort --out n.safetensors --epochs 1 --jobs 1 --option variant.conformance=warn
finish
