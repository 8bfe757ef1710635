#!/bin/sh
# What is inferred from genotypes, beside what bcftools says of the same files: sex, ratios, one person or two.
. "$(dirname "$0")/lib.sh"
command -v bcftools >/dev/null 2>&1 || { say "skipped: no bcftools"; exit 77; }
cd "$T" || exit 3

head='##fileformat=VCFv4.2\n##contig=<ID=chr1,length=248956422>\n##contig=<ID=chrX,length=156040895>\n##contig=<ID=chrY,length=57227415>\n##INFO=<ID=AF,Number=A,Type=Float,Description="f">\n##FORMAT=<ID=GT,Number=1,Type=String,Description="g">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS\n'
warned() { "$CONSILIUM" embed "$@" 2>/dev/null | jq -r 'select(.type=="warning").text'; }
fact() { kind=$1 && shift && "$CONSILIUM" embed "$@" 2>/dev/null | jq -r "select(.type==\"fact\" and .kind==\"$kind\").value"; }

# Sex: 400 SNVs of X outside the pseudoautosomal regions; a share of them is heterozygous. guess-ploidy goes by the genotypes too,
# told that one in twenty may be wrong and that both alleles are as frequent.
for share in 0 4 40 60; do
    { printf "$head"; awk -v s="$share" 'BEGIN { srand(5); for (i = 0; i < 400; i++) printf "chrX\t%d\t.\tA\tG\t.\tPASS\tAF=0.5\tGT\t%s\n", 5000000 + 1000 * i, rand() * 100 < s ? "0/1" : "1/1" }'; } >x$share.vcf
    bgzip -k x$share.vcf && bcftools index x$share.vcf.gz
    bcftools +guess-ploidy --AF-tag AF -t GT -e 0.05 -g hg38 x$share.vcf.gz 2>p.err | awk '{ print $2 == "M" ? "male" : $2 == "F" ? "female" : $2 }' >p.sex || sed 's/^/    /' p.err
    same "$share % heterozygous on X" "$(cat p.sex)" "$(fact sex_inferred x$share.vcf)"
done

# Ratios: 3000 calls at random, of which bcftools stats counts transitions and transversions, heterozygous and homozygous.
{ printf "$head"; awk 'BEGIN { srand(7); split("A C G T", b, " "); for (i = 0; i < 3000; i++) { r = b[1 + int(4 * rand())]; do { a = b[1 + int(4 * rand())] } while (a == r); printf "chr1\t%d\t.\t%s\t%s\t.\tPASS\t.\tGT\t%s\n", 1000 + 10 * i, r, a, rand() < 0.1 ? "0/1" : "1/1" } }'; } >r.vcf
bcftools stats -s - r.vcf >p.stats
ratio=$(awk -F'\t' '$1 == "PSC" { printf "%.2f", $7 / $8 }' p.stats)
warned r.vcf >ours
says ours "transitions over transversions as bcftools stats counts them ($ratio)" "$ratio"
ratio=$(awk -F'\t' '$1 == "PSC" { printf "%.2f", $6 / $5 }' p.stats)
says ours "heterozygous over homozygous as bcftools stats counts them ($ratio)" "$ratio"

# One person or two: 500 loci, of which another person has a third otherwise; and the same person read again, one in fifty otherwise.
person() { printf "$head"; awk -v other="$1" 'BEGIN { srand(3); for (i = 0; i < 500; i++) { g = int(3 * rand()); d = rand(); if (d < other) g = (g + 1) % 3; printf "chr1\t%d\t.\tA\tG\t.\tPASS\t.\tGT\t%s\n", 1000 + 50 * i, g == 0 ? "0/0" : g == 1 ? "0/1" : "1/1" } }'; }
person 0 >a.vcf
person 0.33 >b.vcf
person 0.02 >c.vcf
for f in a b c; do bgzip -f <$f.vcf >$f.vcf.gz && bcftools index -f $f.vcf.gz; done
theirs=$(bcftools gtcheck -u GT,GT -e 0 -g a.vcf.gz b.vcf.gz 2>/dev/null | awk '$1 == "DC" { print $6 - $4 " of " $6 }')
warned a.vcf b.vcf >ours
says ours "another person's genotypes, counted as bcftools gtcheck counts them ($theirs)" "^$theirs genotypes of SNVs that this file shares with a.vcf agree"
same "the same person read again" "" "$(warned a.vcf c.vcf | grep genotypes)"
finish
