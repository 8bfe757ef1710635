#!/bin/sh
# Keys of a log: encrypted ones that the openssl program reads too, one in a PKCS#11 token, and one replaced by the next while
# the first verifier key goes on.
. "$(dirname "$0")/lib.sh"
log=$T/log

expect 0 "keygen" "$CONSILIUM" audit keygen --out "$T/first" --origin test.example/keys
expect 0 "a log" "$MAKE_LOG" "$T/first/audit.pem" "$log"
root=$(sed -n 3p "$log/checkpoint")

# Encrypted.
printf 'correct horse battery\n' >"$T/words"
printf 'wrong horse battery\n' >"$T/wrong"
expect 0 "keygen --encrypt" "$CONSILIUM" audit keygen --out "$T/second" --origin test.example/keys --encrypt --passphrase-file "$T/words"
says "$T/second/audit.pem" "it is encrypted" 'BEGIN ENCRYPTED PRIVATE KEY'
same "and private" "$(stat -c %a "$T/second/audit.pem")" 600
expect 0 "openssl reads it" openssl pkey -in "$T/second/audit.pem" -passin "file:$T/words" -pubout -outform DER -out "$T/public.der"
same "its public half is the verifier key's" "$(tail -c 32 "$T/public.der" | base64)" \
    "$(cut -d+ -f3- "$T/second/audit.vkey" | base64 -d | tail -c 32 | base64)"
openssl asn1parse -in "$T/second/audit.pem" >"$T/asn1"
says "$T/asn1" "600,000 rounds" 'INTEGER +:0927C0'
says "$T/asn1" "of HMAC-SHA-256" hmacWithSHA256
says "$T/asn1" "then AES-256" aes-256-cbc
printf 'short\n' >"$T/short"
expect 2 "a short passphrase" "$CONSILIUM" audit keygen --out "$T/none" --origin test.example/keys --encrypt --passphrase-file "$T/short"
[ -e "$T/none/audit.pem" ] && fail "a refused key was written"
expect 3 "rotate to it with the wrong passphrase" "$CONSILIUM" audit rotate "$log" --key "$T/first/audit.pem" --new-key "$T/second/audit.pem" --new-passphrase-file "$T/wrong"
says "$T/err" "is told" "passphrase is another"
expect 3 "rotate to it without one" setsid "$CONSILIUM" audit rotate "$log" --key "$T/first/audit.pem" --new-key "$T/second/audit.pem" </dev/null
says "$T/err" "says where one may come from" "passphrase-file.*CONSILIUM_PASSPHRASE"
expect 0 "rotate" "$CONSILIUM" audit rotate "$log" --key "$T/first/audit.pem" --new-key "$T/second/audit.pem" --new-passphrase-file "$T/words"
expect 0 "the first verifier key follows" "$CONSILIUM" audit verify "$log" --key "$T/first/audit.vkey"
says "$T/out" "and the verdict names the new one" "replaced once; now $(sed 's/[+]/[+]/g' "$T/second/audit.vkey") signs"
expect 1 "the second alone does not do" "$CONSILIUM" audit verify "$log" --key "$T/second/audit.vkey"
expect 0 "show" "$CONSILIUM" audit show "$log"
says "$T/out" "the entry says so" 'Key rotated: key test\.example/keys\+'
expect 3 "the old key writes no more" "$CONSILIUM" audit rotate "$log" --key "$T/first/audit.pem" --new-key "$T/first/audit.pem"
# What the old key signed, by openssl.
"$CONSILIUM" audit show "$log" --json | sed -n 6p >"$T/entry"
same "the statement is signed by the old key" "$(
    jq -r '.objects[0].detail' "$T/entry" | base64 -d >"$T/signature"
    { printf 'consilium audit rotation v1\ntest.example/keys\n5\n%s\n' "$root"
      cat "$T/second/audit.vkey"; } >"$T/statement"
    openssl pkey -in "$T/first/audit.pem" -pubout -out "$T/first.pem"
    openssl pkeyutl -verify -pubin -inkey "$T/first.pem" -rawin -in "$T/statement" -sigfile "$T/signature" 2>&1)" "Signature Verified Successfully"

# A key that is encrypted binds logs, too.
bind() { "$CONSILIUM" audit merge "$log" "$T/first/audit.vkey" --key "$1" --out "$2" --passphrase-file "$3"; }
expect 3 "merge with the wrong passphrase" bind "$T/second/audit.pem" "$T/index" "$T/wrong"
expect 0 "merge" bind "$T/second/audit.pem" "$T/index" "$T/words"
expect 0 "the index verifies" "$CONSILIUM" audit verify "$T/index" --key "$T/second/audit.vkey"

# In a token.
module=/usr/lib/softhsm/libsofthsm2.so
if command -v softhsm2-util >/dev/null && command -v pkcs11-tool >/dev/null && [ -r $module ]; then
    export SOFTHSM2_CONF="$T/softhsm.conf"
    # SoftHSM 2.6.1 leaks the name of the curve each time it signs; none of it is ours to free.
    export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
    mkdir "$T/tokens"
    printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$T/tokens" >"$SOFTHSM2_CONF"
    expect 0 "a token" softhsm2-util --init-token --free --label ward --pin 123456 --so-pin 654321
    expect 0 "with a key pair" pkcs11-tool --module $module --token-label ward --login --pin 123456 --keypairgen --key-type EC:edwards25519 --label log
    expect 0 "and another of another kind" pkcs11-tool --module $module --token-label ward --login --pin 123456 --keypairgen --key-type EC:prime256v1 --label log
    printf '123456\n' >"$T/pin"
    uri="pkcs11:token=ward;object=log?module-path=$module"
    expect 0 "keygen --token" "$CONSILIUM" audit keygen --out "$T/third" --origin test.example/keys --token "$uri" --passphrase-file "$T/pin"
    same "the URI is kept" "$(cat "$T/third/audit.uri")" "$uri"
    expect 3 "a key that the token has not" "$CONSILIUM" audit keygen --out "$T/none" --origin test.example/keys --token "pkcs11:token=ward;object=other?module-path=$module" --passphrase-file "$T/pin"
    expect 2 "what is no URI" "$CONSILIUM" audit keygen --out "$T/none" --origin test.example/keys --token "ward" --passphrase-file "$T/pin"
    expect 3 "a wrong PIN" "$CONSILIUM" audit rotate "$log" --key "$T/second/audit.pem" --passphrase-file "$T/words" --new-key "$T/third/audit.uri" --new-passphrase-file "$T/wrong"
    says "$T/err" "is told" "PIN"
    expect 0 "rotate to the token" "$CONSILIUM" audit rotate "$log" --key "$T/second/audit.pem" --passphrase-file "$T/words" --new-key "$T/third/audit.uri" --new-passphrase-file "$T/pin"
    expect 0 "the first verifier key follows twice" "$CONSILIUM" audit verify "$log" --key "$T/first/audit.vkey" --json
    same "to the token's" "$(jq -r .key "$T/out")" "$(cat "$T/third/audit.vkey")"
    sed '/^$/,$d' "$log/checkpoint" >"$T/text"
    tail -n 1 "$log/checkpoint" | cut -d' ' -f3 | base64 -d | tail -c 64 >"$T/signature"
    { printf '\060\052\060\005\006\003\053\145\160\003\041\000'
      cut -d+ -f3- "$T/third/audit.vkey" | base64 -d | tail -c 32; } | openssl pkey -pubin -inform DER -out "$T/third.pem"
    expect 0 "openssl verifies the token's checkpoint" openssl pkeyutl -verify -pubin -inkey "$T/third.pem" -rawin -in "$T/text" -sigfile "$T/signature"
    expect 0 "merge with it" bind "$T/third/audit.uri" "$T/index3" "$T/pin"
    expect 0 "the index verifies" "$CONSILIUM" audit verify "$T/index3" --key "$T/third/audit.vkey"
    printf '%s;pin-source=file:%s\n' "pkcs11:token=ward;object=log" "$T/pin" >"$T/third/audit.uri"
    sed -i "s|;pin-source|?module-path=$module\&pin-source|" "$T/third/audit.uri"
    expect 0 "and on, with the PIN in a file that the URI names" "$CONSILIUM" audit rotate "$log" --key "$T/third/audit.uri" --new-key "$T/first/audit.pem"
    expect 0 "three times" "$CONSILIUM" audit verify "$log" --key "$T/first/audit.vkey"
else
    say "skipped: no SoftHSM (softhsm2, opensc)"
fi
finish
