#!/bin/sh
# variant.sh REPLAY CONSILIUM: files of every kind that the variant adapter reads, made here, truncated and altered; and a share of the
# public ones, where they are.
set -e
here=$(cd "$(dirname "$0")" && pwd)
data=${CONSILIUM_TEST_DATA:-$here/../../../shared/data}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$2" synth --cases 8 --seed 5 --out "$folder/cohort" >/dev/null 2>&1
mkdir "$folder/files" "$folder/large"
for file in "$folder"/cohort/cases/*/variants.*; do
    name=$(basename "$(dirname "$file")")-$(basename "$file")
    cp "$file" "$folder/files/$name"
    gzip -dc <"$file" >"$folder/files/$name.plain"
done
cd "$folder/files"
printf '>1 one\nACACACACAC\nACACACACAC\nACGT\n>2\nACACAAAAAAAAAAAC\n' >r.fa
printf '1\t24\t7\t10\t11\n2\t16\t37\t16\t17\n' >r.fa.fai
printf '# a panel\n1\t0\t4\n1\t5\t20\nchr2\t100\t200\n' >p.bed
printf 'BRCA1\nTP53\nC9orf72\n' >genes
printf '##gff-version 3\n1\tx\tgene\t2\t9\t.\t+\t.\tID=gene:E1;Name=ONE\n1\tx\texon\t3\t4\t.\t+\t.\tgene=ONE\n' >g.gff3
printf '# GRCh38\nchr1\tx\tgene\t2\t9\t.\t+\t.\tgene_id "E1"; gene_name "ONE";\n' >g.gtf
printf '###PGS CATALOG SCORING FILE\n#pgs_id=P\n#genome_build=GRCh37\n#HmPOS_build=GRCh38\nrsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\tis_dominant\tallelefrequency_effect\thm_chr\thm_pos\nrs1\t1\t9\tT\tC\t1\tTrue\t0.5\t1\t2\nrs2\t1\t9\tA\tG\t1\tFalse\t0.5\t1\t5\n' >s.txt
gzip -k s.txt
# tabix (preset 2: VCF) and CSI indices of two contigs: one bin with one piece each, and the windows of tabix.
le() { for n in "$@"; do printf "\\$(printf %o $((n & 255)))\\$(printf %o $((n >> 8 & 255)))\\$(printf %o $((n >> 16 & 255)))\\$(printf %o $((n >> 24 & 255)))"; done; }
{ printf 'TBI\001'; le 2 2 1 2 0 35 0 4; printf '1\0002\000'; for i in 1 2; do le 1 4681 1 300 0 400 0 1 300 0; done; } >i.tbi
{ printf 'CSI\001'; le 14 5 32 2 1 2 0 35 0 4; printf '1\0002\000'; le 2; for i in 1 2; do le 1 4681 300 0 1 300 0 400 0; done; } >i.csi
gzip -k i.tbi i.csi
le 0 0 >none.gzi
{ le 2 0 100 0 20 0 200 0 40 0; } >two.gzi
# What lies: a record with 60 000 alleles, a header of 200 000 contigs, a length of two thousand million names.
head='##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tP\n'
{ printf "$head"; printf '1\t5\t.\tA\t'; awk 'BEGIN { for (i = 0; i < 60000; i++) printf "C,"; print "G\t.\t.\tAF=1\tGT\t60001/1" }'; } | gzip >../large/alleles.vcf.gz
{ printf '##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n1\t5\t.\tA\t'; awk 'BEGIN { for (i = 0; i < 60000; i++) printf "AC,"; printf "AG\t.\t.\tANN="; for (i = 0; i < 3000000; i++) printf "a|b,"; print "" }'; } | gzip >../large/annotated.vcf.gz
{ printf '##fileformat=VCFv4.2\n'; awk 'BEGIN { for (i = 0; i < 200000; i++) print "##contig=<ID=c" i ",length=999999999999>" }'; printf "$head" | tail -n 1; } | gzip >../large/contigs.vcf.gz
{ printf '##fileformat=VCFv4.2\n##contig=<ID=1,IDX=2000000000>\n'; printf "$head" | tail -n 1; } >lying.vcf
"$1" --truncations 60 --flips 300 --allowance 24 "$folder/files"
"$1" --truncations 3 --flips 6 --allowance 64 "$folder/large"
if [ -d "$data/vcf" ]; then
    "$1" --every 3 --truncations 4 --flips 16 --allowance 64 "$data/vcf" "$data/pgs/pgs-harmonizer" "$data/pgs/pgsc_calc/assets/examples/scorefiles"
fi
