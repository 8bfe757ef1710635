#!/bin/sh
# A list of genes and where they lie become regions that the index finds: of a file whose records outside those genes are damaged
# nothing else is read, and what is found is what bcftools finds.
. "$(dirname "$0")/lib.sh"
command -v bcftools >/dev/null 2>&1 || { say "skipped: no bcftools"; exit 77; }
cd "$T" || exit 3

# 40 000 SNVs of two chromosomes, one in each 100 bases; every gene is 100 000 bases and has a name by its place.
{
    printf '##fileformat=VCFv4.2\n##reference=GRCh38\n##contig=<ID=chr1>\n##contig=<ID=chr2>\n'
    printf '##INFO=<ID=ANN,Number=.,Type=String,Description="a">\n'
    printf '##FORMAT=<ID=GT,Number=1,Type=String,Description="g">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS\n'
    awk 'BEGIN { for (c = 1; c < 3; c++) for (i = 1; i <= 20000; i++)
        printf "chr%d\t%d\t.\tA\tG\t.\tPASS\tANN=G|missense_variant|MODERATE|G%dN%d\tGT\t%s\n", c, 100 * i, c, i / 1000, i % 9 ? "0/0" : "0/1" }'
} | bgzip >a.vcf.gz
{
    printf '##gff-version 3\n#!genome-build GRCh38.p14\n'
    awk 'BEGIN { for (c = 1; c < 3; c++) for (g = 0; g < 20; g++)
        printf "%d\tx\tgene\t%d\t%d\t.\t+\t.\tID=gene:E%d;Name=G%dN%d\n", c, g * 100000 + 1, (g + 1) * 100000, c * 100 + g, c, g }'
} >genes.gff3
printf 'G1N7\nG2N3\n' >list
bcftools view -O b -o a.bcf a.vcf.gz
bcftools index -t a.vcf.gz && bcftools index a.bcf
places() { "$CONSILIUM" embed "$@" 2>/dev/null | jq -r 'select(.type=="token" and .position[1]) | "chr\(.position[0])\t\(.position[1])"' | sort; }
bcftools query -i 'GT="alt" && (ANN~"|G1N7$" || ANN~"|G2N3$")' -f '%CHROM\t%POS\n' a.vcf.gz | sort >theirs
same "by a look at every record, what bcftools finds" "$(cat theirs)" "$(places --panel list a.vcf.gz)"
same "by the index" "$(cat theirs)" "$(places --panel list --genes genes.gff3 a.vcf.gz)"
same "by the index of a BCF" "$(cat theirs)" "$(places --panel list --genes genes.gff3 a.bcf)"
awk -F'\t' '!/^#/ { sub(/.*Name=/, "", $9); printf "chr%s\t%d\t%d\t%s\n", $1, $4 - 1, $5, $9 }' genes.gff3 >genes.bed
same "with places in BED" "$(cat theirs)" "$(places --panel list --genes genes.bed a.vcf.gz)"

# The second half of chr2 destroyed: whoever reads it fails.
size=$(wc -c <a.vcf.gz)
cp a.vcf.gz good.gz
dd if=/dev/zero of=a.vcf.gz bs=1 seek=$((size * 8 / 10)) count=$((size / 10)) conv=notrunc 2>/dev/null
expect 1 "a look at every record meets the damage" "$CONSILIUM" embed --panel list a.vcf.gz
same "what the index finds does not" "$(cat theirs)" "$(places --panel list --genes genes.gff3 a.vcf.gz)"
mv good.gz a.vcf.gz

# An index of another file, which knows none of these contigs: nothing found would be a wrong answer.
mv a.vcf.gz.tbi good.tbi
bcftools view -h a.vcf.gz | sed 's/chr1/chr5/' >b.vcf && printf 'chr5\t7\t.\tA\tG\t.\tPASS\t.\tGT\t0/1\n' >>b.vcf
bgzip b.vcf && bcftools index -t b.vcf.gz && mv b.vcf.gz.tbi a.vcf.gz.tbi
expect 1 "an index of another file" "$CONSILIUM" embed --panel list --genes genes.gff3 a.vcf.gz
says "$T/err" "does not fit" "a.vcf.gz.tbi: .*the index does not fit the file.*it lacks the file's first record"
mv good.tbi a.vcf.gz.tbi

printf 'G1N7\nNOGENE\n' >list
expect 1 "a gene without a place" "$CONSILIUM" embed --panel list --genes genes.gff3 a.vcf.gz
says "$T/err" "is named" "genes.gff3: it has no place of 1 of the panel's genes: NOGENE"
expect 2 "places without a list" "$CONSILIUM" embed --genes genes.gff3 a.vcf.gz
finish
