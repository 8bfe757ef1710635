#!/bin/sh
# Polygenic scores are those of plink2 --score, on made genotypes and, where they are, on real scoring files.
. "$(dirname "$0")/lib.sh"
command -v plink2 >/dev/null 2>&1 || { say "skipped: no plink2"; exit 77; }
cd "$T" || exit 3

# near WHAT A B: within 1e-6, and as plink2 writes six digits within 5e-6 of the value.
near() {
    if awk -v a="$2" -v b="$3" 'BEGIN { d = a - b; if (d < 0) d = -d; m = b < 0 ? -b : b; exit !(a != "" && b != "" && d <= (m > 0.2 ? 5e-6 * m : 1e-6)) }'; then
        say "ok: $1"
    else
        fail "$1: $2, plink2 says $3"
    fi
}
ours() { "$CONSILIUM" embed --features pgs "$@" 2>/dev/null | jq -r 'select(.type=="token").features.score'; }
# theirs SAMPLE ARGUMENT...: the sum of plink2.
theirs() {
    sample=$1
    shift
    plink2 "$@" cols=+scoresums --out p >p.out 2>&1 || { sed 's/^/    /' p.out; return; }
    awk -v s="$sample" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "SCORE1_SUM") c = i } $1 == s { print $c }' p.sscore
}

# 400 variants of one sample: phased and not, indels, three alleles, one in ten not called; weights are whole numbers, so that six
# digits are all of them. Every fourth effect allele is REF.
awk 'BEGIN {
    srand(11)
    print "##fileformat=VCFv4.2\n##contig=<ID=1,length=248956422>\n##contig=<ID=7>\n##FORMAT=<ID=GT,Number=1,Type=String,Description=\"g\">" >"a.vcf"
    print "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1" >"a.vcf"
    print "#CHROM\tID\tREF\tALT\tALT_FREQS\tOBS_CT" >"a.afreq"
    for (i = 1; i <= 400; i++) {
        chrom = i <= 200 ? 1 : 7; pos = 1000 + 37 * i
        ref = substr("ACGT", i % 4 + 1, 1); alt = substr("ACGT", (i + 1 + int(rand() * 3)) % 4 + 1, 1)
        if (i % 9 == 0) ref = ref "AT"
        if (i % 11 == 0) alt = substr(ref, 1, 1) "GG"
        second = ""
        if (i % 13 == 0) second = substr(ref, 1, 1) "TTT"
        n = second == "" ? 2 : 3
        a = int(rand() * n); b = int(rand() * n)
        gt = i % 10 == 3 ? "./." : a (i % 2 ? "/" : "|") b
        f = int(rand() * 900 + 50) / 1000
        printf "%s\t%d\tv%d\t%s\t%s%s\t.\t.\t.\tGT\t%s\n", chrom, pos, i, ref, alt, second == "" ? "" : "," second, gt >"a.vcf"
        printf "%s\tv%d\t%s\t%s%s\t%s%s\t2000\n", chrom, i, ref, alt, second == "" ? "" : "," second, f / 2, second == "" ? "" : ",0.01" >"a.afreq"
        effect = i % 4 ? alt : ref; other = i % 4 ? ref : alt
        fe = i % 4 ? f / 2 : (second == "" ? 1 - f / 2 : 0.99 - f / 2)
        print "v" i "\t" effect "\t" i - 190 >"a.score"
        print "v" i "\t" chrom "\t" pos "\t" effect "\t" other "\t" i - 190 "\t" fe >"rows"
    }
}'
header() { printf '###PGS CATALOG SCORING FILE\n#pgs_id=%s\n#genome_build=GRCh38\nrsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\tallelefrequency_effect%b\n' "$1" "$2"; }
{ header T1 ""; cat rows; } >additive.txt
{ header T2 "\tis_dominant"; sed 's/$/\tTrue/' rows; } >dominant.txt
{ header T3 "\tis_dominant\tis_recessive"; sed 's/$/\tFalse\tTrue/' rows; } | gzip >recessive.txt.gz
{ header T4 "\tdosage_0_weight\tdosage_1_weight\tdosage_2_weight"; awk -F '\t' -v OFS='\t' '{ w = $6; $6 = ""; print $0, 0, w, 2 * w }' rows; } >dosage.txt
mean="--vcf a.vcf --read-freq a.afreq --score a.score"
near "additive" "$(ours a.vcf additive.txt)" "$(theirs S1 $mean)"
near "dominant" "$(ours a.vcf dominant.txt)" "$(theirs S1 $mean dominant)"
near "recessive, gzipped" "$(ours a.vcf recessive.txt.gz)" "$(theirs S1 $mean recessive)"
skip=$(theirs S1 --vcf a.vcf --score a.score no-mean-imputation)
near "without imputation" "$(ours --option pgs.missing=skip a.vcf additive.txt)" "$skip"
near "weights for each dosage" "$(ours --option pgs.missing=skip a.vcf dosage.txt)" "$skip"
near "average" "$("$CONSILIUM" embed --features pgs --option pgs.missing=skip a.vcf additive.txt | jq -r 'select(.type=="token").features.average')" \
    "$(awk 'NR == 2 { print $(NF - 1) }' p.sscore)"
bgzip -c a.vcf >a.vcf.gz 2>/dev/null && near "BGZF" "$(ours a.vcf.gz additive.txt)" "$(ours a.vcf additive.txt)"
command -v bcftools >/dev/null 2>&1 && bcftools view -Ob -o a.bcf a.vcf 2>/dev/null && near "BCF" "$(ours a.bcf additive.txt)" "$(ours a.vcf additive.txt)"
# The other strand: every allele but those of A/T and C/G written as its complement. Harmonised: another build's places, and the right
# ones beside them. No other allele: the effect allele alone finds its variant.
awk -F '\t' -v OFS='\t' 'function turned(x, i, y) { for (i = 1; i <= length(x); i++) y = substr("TGCA", index("ACGT", substr(x, i, 1)), 1) y; return y }
    { if (turned($4) != $5) { $4 = turned($4); $5 = turned($5) } print }' rows >rows.turned
{ header T5 ""; cat rows.turned; } >turned.txt
near "the other strand" "$(ours --option pgs.missing=skip a.vcf turned.txt)" "$skip"
same "as it is written" true "$("$CONSILIUM" embed --features pgs --option pgs.missing=skip --option pgs.strand=as_written a.vcf turned.txt | jq 'select(.type=="token").features | .flipped == 0 and .counted < 100')"
{ printf '###PGS CATALOG SCORING FILE\n#pgs_id=T6\n#genome_build=GRCh37\n#HmPOS_build=GRCh38\nrsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\thm_chr\thm_pos\n'
  awk -F '\t' -v OFS='\t' '{ print "x" $1, $2, $3 + 37, $4, $5, $6, $2, $3 }' rows; } >harmonised.txt
near "harmonised" "$(ours --option pgs.missing=skip a.vcf harmonised.txt)" "$skip"
{ printf '###PGS CATALOG SCORING FILE\n#pgs_id=T7\n#genome_build=GRCh38\nchr_name\tchr_position\teffect_allele\teffect_weight\n'
  awk -F '\t' -v OFS='\t' '{ print $2, $3, $4, $6 }' rows; } >alone.txt
near "the effect allele alone" "$(ours --option pgs.missing=skip a.vcf alone.txt)" "$skip"
same "three scores, three tokens" "$(ours a.vcf additive.txt dominant.txt recessive.txt.gz | wc -l)" 3
expect 1 "fail" "$CONSILIUM" embed --option pgs.missing=fail a.vcf additive.txt
says "$T/err" "naming the variant" "T1 has a variant \(locus 1111\) without a genotype: pgs.missing is fail"

genomes=$REAL/pgs/pgsc_calc/assets/examples
vcf=$genomes/target_genomes/cineca_synthetic_subset.vcf.gz
if [ -f "$vcf" ]; then
    rows() { grep -v '^#' "$1" | awk -F '\t' -v k="$2" 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        { t = $c["is_dominant"] == "TRUE" ? "dominant" : $c["is_recessive"] == "TRUE" ? "recessive" : "additive"
          if (k == "" || t == k) print $c["chr_name"] ":" $c["chr_position"] "\t" $c["effect_allele"] "\t" $c["effect_weight"] }'; }
    for sample in HG00096 HG00403 NA20828; do
        id=${sample}_$sample
        zcat "$vcf" | grep -q "$id" || continue
        for file in PGS001229_22.txt scorefile_dominant_and_recessive.txt; do
            sum=0
            for kind in additive dominant recessive; do
                rows "$genomes/scorefiles/$file" $kind >rows.score
                [ -s rows.score ] || continue
                [ $kind = additive ] && how= || how=$kind
                sum=$(echo "$sum $(theirs "$id" --vcf "$vcf" --set-all-var-ids '@:#' --score rows.score no-mean-imputation $how)" | awk '{ print $1 + $2 }')
            done
            near "$sample, $file" "$(ours --option variant.sample="$id" "$vcf" "$genomes/scorefiles/$file")" "$sum"
        done
    done
fi
finish
