#!/bin/sh
# What `model show`, `diff`, `sign` and `verify` tell an auditor, of models that are fine, changed, cut short or none.
. "$(dirname "$0")/lib.sh"

# refused WHAT PATTERN: the last command said one line, and it names what is wrong.
refused() {
    says "$T/err" "$1" "$2"
    same "$1, in one line" "$(wc -l <"$T/err") $(wc -c <"$T/out")" "1 0"
}

"$CONSILIUM" synth --cases 30 --seed 5 --out "$T/cohort" >/dev/null 2>&1 || fail "synth"
for seed in 1 2; do
    expect 0 "train with seed $seed" "$CONSILIUM" train "$T/cohort" --out "$T/m$seed.safetensors" --seed $seed --epochs 1
done
M="$T/m1.safetensors"

# ---- show ----
expect 0 "show" "$CONSILIUM" model show "$M"
says "$T/out" "it has the hash" "sha256 +$(sha256sum "$M" | cut -d' ' -f1)"
says "$T/out" "it has the label's code" "malignancy +363346000 +http://snomed.info/sct"
says "$T/out" "it has units" "days_before \[d\]"
says "$T/out" "it says that nobody signed" "signature +unsigned"
same "within 100 columns" "$(awk 'length > 100' "$T/out")" ""
expect 0 "show --json" "$CONSILIUM" model show "$M" --json
json() { jq -r "$1" "$T/out"; }
same "file" "$(json .file)" "$M"
same "bytes" "$(json .bytes)" "$(stat -c %s "$M")"
same "sha256" "$(json .sha256)" "$(sha256sum "$M" | cut -d' ' -f1)"
same "signature" "$(json '.signature | "\(.state) \(.signer)"')" "unsigned null"
same "width is a number" "$(json '.configuration.width | type')" number
same "labels" "$(json '.labels | map("\(.name) \(.code) \(.system)") | join(",")')" "malignancy 363346000 http://snomed.info/sct"
same "modalities" "$(json '.modalities | map("\(.name)=\(.plugin_id)") | join(" ")')" \
    "image=org.consilium.dicom record=org.consilium.record variant=org.consilium.variant"
same "plugin versions are those of plugin list" "$(json '.modalities | map(.plugin_version) | join(" ")')" \
    "$("$CONSILIUM" plugin list --json | jq -r 'sort_by(.modality) | map(.version) | join(" ")')"
same "features are as many as the plugins have" "$(json '.modalities | map(.features | length) | join(" ")')" \
    "$("$CONSILIUM" plugin list --json | jq -r 'sort_by(.modality) | map(.features) | join(" ")')"
same "every feature has a unit" "$(json '[.modalities[].features[] | has("name") and has("unit")] | all')" true
same "the vocabulary is the sum of its systems" "$(json '[.modalities[] | .vocabulary == ([.code_systems[]] | add // 0)] | all')" true
same "calibration" "$(json '.calibration[0] | .label, (.temperature > 0), (.cases >= .positives), (.baseline | type)' | tr '\n' ' ')" \
    "malignancy true true number "
same "training" "$(json '.training | "\(.seed) \(.cases > 0)"')" "1 true"
same "no tensors unless asked for" "$(json 'has("tensors")')" false
expect 0 "show --tensors --json" "$CONSILIUM" model show "$M" --tensors --json
same "weights are the sum of the tensors but those of novelty" "$(json '.weights == ([.tensors[] | select(.name | contains(".novelty.") | not).shape | reduce .[] as $n (1; . * $n)] | add)')" true
same "tensors are counted" "$(json '.tensor_count == (.tensors | length)')" true

# ---- diff ----
cp "$M" "$T/copy.safetensors"
expect 0 "a copy is equal" "$CONSILIUM" model diff "$M" "$T/copy.safetensors"
says "$T/out" "says so" "^equal"
expect 0 "a copy is equal, as JSON" "$CONSILIUM" model diff "$M" "$T/copy.safetensors" --json
same "nothing is listed" "$(json '"\(.equal) \(.metadata | length) \(.tensors | length)"')" "true 0 0"
expect 1 "another seed is another model" "$CONSILIUM" model diff "$M" "$T/m2.safetensors"
says "$T/out" "with the seeds" "~ training/seed: 1 -> 2"
says "$T/out" "with tensors and how far they are apart" "~ [a-z0-9_.]+weight +[0-9]+ +[0-9.e-]+ +[0-9.e-]+"
expect 1 "as JSON" "$CONSILIUM" model diff "$M" "$T/m2.safetensors" --json
same "the seed by its path" "$(json '.metadata[] | select(.path=="training/seed") | "\(.change) \(.old) \(.new)"')" "changed 1 2"
same "tensors differ by numbers in range" \
    "$(json '[.tensors[] | .differing > 0 and .max_absolute > 0 and .max_relative > 0 and .max_relative <= 2] | all and length > 0')" true
same "with both hashes" "$(json '.a.sha256, .b.sha256' | tr '\n' ' ')" "$(sha256sum "$M" "$T/m2.safetensors" | cut -d' ' -f1 | tr '\n' ' ')"
expect 0 "synth of another cohort, too small for codes of its own" "$CONSILIUM" synth --cases 8 --seed 6 --out "$T/small"
expect 0 "train on it" "$CONSILIUM" train "$T/small" --out "$T/small.safetensors" --seed 1 --epochs 1
expect 1 "another vocabulary" "$CONSILIUM" model diff "$M" "$T/small.safetensors" --json
same "codes are removed" "$(json '[.metadata[] | select(.change=="removed" and (.path | contains("/codes/")))] | length > 0')" true
same "tensors of another shape" "$(json '[.tensors[] | select(.old_shape != null and .old_shape != .new_shape)] | length > 0')" true

# ---- sign and verify ----
openssl genpkey -algorithm ed25519 -out "$T/key.pem" 2>/dev/null
openssl genpkey -algorithm ed25519 -out "$T/stranger.pem" 2>/dev/null
mkdir "$T/trust" "$T/strangers"
openssl pkey -in "$T/key.pem" -pubout -out "$T/trust/clinic.pem"
openssl pkey -in "$T/stranger.pem" -pubout -out "$T/strangers/stranger.pem"
expect 1 "verify what is not signed" "$CONSILIUM" model verify "$M" --trust "$T/trust"
refused "it says that there is no signature" "is not signed: there is no .*\.sig"
expect 0 "sign" "$CONSILIUM" model sign "$M" --key "$T/key.pem"
same "the signature has 64 bytes" "$(stat -c %s "$M.sig")" 64
expect 0 "openssl verifies it" openssl pkeyutl -verify -rawin -pubin -inkey "$T/trust/clinic.pem" -in "$M" -sigfile "$M.sig"
expect 0 "verify by folder" "$CONSILIUM" model verify "$M" --trust "$T/trust"
says "$T/out" "it names the signer" "signed by clinic.pem"
CONSILIUM_TRUST="$T/trust" expect 0 "verify by the environment's folder" "$CONSILIUM" model verify "$M"
expect 0 "verify by key" "$CONSILIUM" model verify "$M" --pub "$T/trust/clinic.pem"
expect 1 "a stranger's key" "$CONSILIUM" model verify "$M" --pub "$T/strangers/stranger.pem"
expect 1 "a folder of strangers" "$CONSILIUM" model verify "$M" --trust "$T/strangers"
expect 0 "show with trust" "$CONSILIUM" model show "$M" --trust "$T/trust" --json
same "trusted, by" "$(json '.signature | "\(.state) \(.signer)"')" "trusted clinic.pem"
expect 0 "show without trust" "$CONSILIUM" model show "$M" --json
same "not trusted" "$(json .signature.state)" "not trusted"
openssl pkeyutl -sign -rawin -inkey "$T/key.pem" -in "$T/m2.safetensors" -out "$T/m2.safetensors.sig"
expect 0 "what openssl signed verifies" "$CONSILIUM" model verify "$T/m2.safetensors" --trust "$T/trust"

cp "$M" "$T/changed.safetensors"
cp "$M.sig" "$T/changed.safetensors.sig"
size=$(stat -c %s "$M")
flipped=$(($(od -An -tu1 -j $((size - 5)) -N 1 "$M") ^ 1))
printf "\\$(printf %o $flipped)" | dd of="$T/changed.safetensors" bs=1 seek=$((size - 5)) conv=notrunc 2>/dev/null
expect 1 "one changed bit is refused" "$CONSILIUM" model verify "$T/changed.safetensors" --trust "$T/trust"
refused "with the reason" "changed.safetensors: its signature is not by a key of .*/trust over this file"
expect 1 "and diff finds it" "$CONSILIUM" model diff "$M" "$T/changed.safetensors" --json
same "in one value of one tensor" "$(json '"\(.metadata | length) \(.tensors | length) \(.tensors[0].differing)"')" "0 1 1"
printf short >"$T/changed.safetensors.sig"
expect 1 "a signature of five bytes" "$CONSILIUM" model verify "$T/changed.safetensors" --trust "$T/trust"
refused "names its length" "has 5 bytes"
expect 3 "a key that is none" "$CONSILIUM" model sign "$M" --key "$M"
expect 3 "a public key that is none" "$CONSILIUM" model verify "$M" --pub "$T/key.pem"
refused "names the file" "key.pem: is not a readable Ed25519 public key"
expect 3 "a trust folder that is not there" "$CONSILIUM" model verify "$M" --trust "$T/none"

# ---- files that are no models ----
head -c $((size / 2)) "$M" >"$T/half"
head -c 100 "$M" >"$T/header"
: >"$T/empty"
printf '\377\377\377\377\377\377\377\177{}' >"$T/long"
printf '\033[2J\nnot a model, but long enough to be read as one' >"$T/text"
for bad in half header empty long text none; do
    expect 3 "show: $bad" "$CONSILIUM" model show "$T/$bad"
    refused "show: $bad is named" "^consilium: .*/$bad: "
    expect 3 "diff: $bad" "$CONSILIUM" model diff "$M" "$T/$bad"
    refused "diff: $bad is named" "^consilium: .*/$bad: "
    expect 3 "sign: $bad" "$CONSILIUM" model sign "$T/$bad" --key "$T/key.pem"
    [ ! -e "$T/$bad.sig" ] || fail "sign wrote a signature of $bad"
done
expect 3 "verify: no file" "$CONSILIUM" model verify "$T/none" --trust "$T/trust"
expect 3 "a folder" "$CONSILIUM" model show "$T/trust"

# A tensor's name that would break the line and steer the terminal.
{ printf '\117\0\0\0\0\0\0\0'; printf '%-79s' '{"a\n\u001b[31mb":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}'; printf 'xx'; } >"$T/escape"
expect 3 "a hostile name" "$CONSILIUM" model show "$T/escape"
refused "its control characters are not printed" "tensor a\?\?\[31mb has dtype F16"

# ---- usage ----
for wrong in "show" "diff $M" "sign $M" "verify $M" "paint $M" "verify $M --trust $T --pub $T/key.pem"; do
    expect 2 "usage: $wrong" "$CONSILIUM" model $wrong
done
finish
