#!/bin/sh
# Others vouch for a log: a timestamp authority made of `openssl ts`, and a witness, who finds out that a log was written anew.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || { say "skipped: no python3"; exit 77; }
log=$T/log vkey=$T/key/audit.vkey
expect 0 "keygen" "$CONSILIUM" audit keygen --out "$T/key" --origin test.example/anchors
expect 0 "a log" "$MAKE_LOG" "$T/key/audit.pem" "$log"

# ---- timestamps ----
cd "$T" || exit 1
cat >"$T/tsa.cnf" <<'CNF'
[tsa]
default_tsa = own
[own]
serial = ./serial
crypto_device = builtin
signer_cert = ./tsa.crt
certs = ./ca.crt
signer_key = ./tsa.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
accuracy = secs:1
ess_cert_id_chain = no
[ext]
extendedKeyUsage = critical,timeStamping
CNF
authority() { # $1: name of its files
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.ca.key" -out "$1.ca.crt" -subj "/CN=$1 root" -days 2 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1 authority" 2>/dev/null
    openssl x509 -req -in "$1.csr" -CA "$1.ca.crt" -CAkey "$1.ca.key" -CAcreateserial -out "$1.crt" -days 2 -extfile tsa.cnf -extensions ext 2>/dev/null
}
authority tsa
authority other
cp tsa.ca.crt ca.crt
python3 "$SOURCE_DIR/tests/cli/tsa.py" "$T/tsa.cnf" "$T/tsa.port" &
tsa_process=$!
trap 'kill $tsa_process $witness_process 2>/dev/null; rm -rf "$T"' EXIT
witness_process=
waits() { i=0; while [ ! -s "$1" ] && [ $i -lt 100 ]; do sleep 0.1; i=$((i + 1)); done; [ -s "$1" ] || fail "$1 does not come"; }
waits "$T/tsa.port"
tsa=http://127.0.0.1:$(cat "$T/tsa.port")

anchor() { "$CONSILIUM" audit anchor "$log" "$@"; }
expect 2 "anchor without anyone" anchor
expect 2 "what is no address" anchor --tsa ftp://127.0.0.1/
expect 3 "nobody there" anchor --tsa http://127.0.0.1:1/
says "$T/err" "is told" "127\.0\.0\.1:1/: no answer"
expect 1 "verify wants a timestamp" "$CONSILIUM" audit verify "$log" --key "$vkey" --tsa-ca "$T/tsa.ca.crt"
for what in deny junk large redirect; do
    expect 3 "an authority that answers $what" anchor --tsa "$tsa/$what"
    [ -e "$log/timestamp/5.tsr" ] && fail "the answer $what was kept"
done
before=$(date +%s)
expect 3 "an authority that is slow" anchor --tsa "$tsa/slow"
[ $(($(date +%s) - before)) -le 8 ] || fail "it was waited for longer than 5 s"
same "the checkpoint waits" "$(ls "$log/timestamp")" 5.note
cmp -s "$log/timestamp/5.note" "$log/checkpoint" || fail "what waits is not the checkpoint"
expect 0 "the authority is there again" anchor --tsa "$tsa/ok"
says "$T/out" "what waited is stamped" "^timestamped: 1 checkpoint"
expect 0 "openssl ts verifies it" openssl ts -verify -in "$log/timestamp/5.tsr" -data "$log/timestamp/5.note" -CAfile "$T/tsa.ca.crt"
expect 0 "so does verify" "$CONSILIUM" audit verify "$log" --key "$vkey" --tsa-ca "$T/tsa.ca.crt"
says "$T/out" "and says when" "^timestamped: the first 5 entries at $(date -u +%Y-%m-%dT)"
stamp=$(openssl ts -reply -in "$log/timestamp/5.tsr" -text 2>/dev/null | sed -n 's/^Time stamp: //p')
says "$T/out" "as openssl reads it" "at $(date -ud "$stamp" +%Y-%m-%dT%H:%M:%SZ)"
expect 1 "by another authority's certificate it does not hold" "$CONSILIUM" audit verify "$log" --key "$vkey" --tsa-ca "$T/other.ca.crt"
expect 2 "nor by what is no certificate" "$CONSILIUM" audit verify "$log" --key "$vkey" --tsa-ca "$T/tsa.cnf"
expect 0 "a longer log" "$MAKE_LOG" "$T/key/audit.pem" "$log"
expect 3 "an old answer is not taken for it" anchor --tsa "$tsa/stale"
cp "$log/timestamp/5.tsr" "$log/timestamp/10.tsr"
expect 1 "nor found good" "$CONSILIUM" audit verify "$log" --key "$vkey" --tsa-ca "$T/tsa.ca.crt"
rm "$log/timestamp/10.tsr"
sed -i '2s/5/4/' "$log/timestamp/5.note"
expect 1 "a checkpoint that was altered" "$CONSILIUM" audit verify "$log" --key "$vkey" --tsa-ca "$T/tsa.ca.crt"
rm "$log/timestamp/5.note" "$log/timestamp/5.tsr"
i=1000
while [ $i -lt 1080 ]; do cp "$log/timestamp/10.note" "$log/timestamp/$i.note"; i=$((i + 1)); done
rm "$log/timestamp/10.note"
expect 3 "a queue of many" anchor --tsa http://127.0.0.1:1/
same "is bounded" "$(ls "$log/timestamp" | wc -l)" 64
rm -r "$log/timestamp"

# ---- the witness ----
expect 0 "a witness's key" "$CONSILIUM" audit keygen --witness --out "$T/wkey" --origin witness.example/w1
same "its kind is 4" "$(cut -d+ -f3- "$T/wkey/audit.vkey" | base64 -d | head -c 1 | od -An -tu1 | tr -d ' ')" 4
[ -e "$T/wkey/audit.hmac" ] && fail "a witness has a pseudonym key"
expect 1 "it signs no log" "$MAKE_LOG" "$T/wkey/audit.pem" "$T/none"
expect 2 "a log's key is no witness's" "$CONSILIUM" audit witness "$vkey" --key "$T/key/audit.pem" --state "$T/state" --listen 127.0.0.1:0
witness() {
    rm -f "$T/witness.out"
    "$CONSILIUM" audit witness "$vkey" --key "$T/wkey/audit.pem" --state "$T/state" --listen 127.0.0.1:0 >"$T/witness.out" 2>"$T/witness.err" &
    witness_process=$!
    waits "$T/witness.out"
    w=http://127.0.0.1:$(sed -n 's/^listening on port //p' "$T/witness.out")
}
witness
wvkey=$T/wkey/audit.vkey
expect 1 "no cosignature yet" "$CONSILIUM" audit verify "$log" --key "$vkey" --witness-key "$wvkey"
expect 0 "the witness cosigns" anchor --witness "$w" --witness-key "$wvkey"
expect 0 "verify wants and finds it" "$CONSILIUM" audit verify "$log" --key "$vkey" --witness-key "$wvkey"
says "$T/out" "and says when" "^cosigned by the witness at $(date -u +%Y-%m-%dT)"
expect 0 "and without asking for it" "$CONSILIUM" audit verify "$log" --key "$vkey"
# The cosignature by openssl: number of the key, time, signature over a text of its own.
tail -n 1 "$log/checkpoint" | cut -d' ' -f3 | base64 -d >"$T/line"
time=$(od -An -tu1 -j4 -N8 "$T/line" | awk '{t = 0; for (i = 1; i <= NF; i++) t = t * 256 + $i; print t}')
tail -c 64 "$T/line" >"$T/signature"
{ printf 'cosignature/v1\ntime %s\n' "$time"; sed '/^$/,$d' "$log/checkpoint"; } >"$T/text"
{ printf '\060\052\060\005\006\003\053\145\160\003\041\000'
  cut -d+ -f3- "$wvkey" | base64 -d | tail -c 32; } | openssl pkey -pubin -inform DER -out "$T/witness.pem"
expect 0 "openssl verifies the cosignature" openssl pkeyutl -verify -pubin -inkey "$T/witness.pem" -rawin -in "$T/text" -sigfile "$T/signature"
same "the number of its key" "$(head -c 4 "$T/line" | od -An -tx1 | tr -d ' ')" \
    "$({ printf 'witness.example/w1\n\004'; cut -d+ -f3- "$wvkey" | base64 -d | tail -c 32; } | sha256sum | head -c 8)"
expect 0 "the log goes on" "$MAKE_LOG" "$T/key/audit.pem" "$log"
expect 1 "its new checkpoint is not cosigned" "$CONSILIUM" audit verify "$log" --key "$vkey" --witness-key "$wvkey"
kill -9 $witness_process
wait $witness_process 2>/dev/null
witness
expect 0 "a witness that was killed knows what it saw" anchor --witness "$w" --witness-key "$wvkey"
expect 0 "and cosigns what continues it" "$CONSILIUM" audit verify "$log" --key "$vkey" --witness-key "$wvkey"
origin=$(printf 'test.example/anchors' | sha256sum | cut -d' ' -f1)
"$CONSILIUM" audit show "$log" >/dev/null
expect 0 "what it serves" curl -s -f -o "$T/served" "$w/$origin/checkpoint"
cmp -s "$T/served" "$log/checkpoint" || fail "the witness serves another checkpoint than the one that it cosigned"

# Its answers, as tlog-witness has them.
code() { curl -s -o "$T/body" -D "$T/head" -w '%{http_code}' "$@"; }
post() { code --data-binary "@$1" "$w/add-checkpoint"; }
request() { { printf 'old %s\n' "$1"; printf '%b' "${2:-}"; printf '\n'; cat "${3:-$log/checkpoint}"; } >"$T/request"; }
request 15
same "the same again" "$(post "$T/request")" 200
request 0
same "another old size" "$(post "$T/request")" 409
same "with the one it knows" "$(cat "$T/body")" 15
says "$T/head" "as its own type" "^[Cc]ontent-[Tt]ype: text/x\.tlog\.size"
request 16
same "an old size beyond the checkpoint" "$(post "$T/request")" 400
request 15 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n'
same "a proof where none belongs" "$(post "$T/request")" 422
request 015
same "a number with a zero in front" "$(post "$T/request")" 400
request 15 'AAAA\n'
same "a proof line that is no hash" "$(post "$T/request")" 400
printf 'nothing' >"$T/request"
same "what is no request" "$(post "$T/request")" 400
same "a GET of it" "$(code "$w/add-checkpoint")" 405
same "a path that is not there" "$(code "$w/other")" 404
same "a log that it never saw" "$(code "$w/$(printf other | sha256sum | cut -d' ' -f1)/checkpoint")" 404
same "a path out of its folder" "$(code --path-as-is "$w/../../../../etc/passwd/checkpoint")" 404
head -c 300000 /dev/zero >"$T/request"
same "a request that is too large" "$(post "$T/request")" 413
sed '3s/^./A/' "$log/checkpoint" >"$T/forged"
request 15 '' "$T/forged"
same "a signature that does not verify" "$(post "$T/request")" 403
"$CONSILIUM" audit keygen --out "$T/thief" --origin test.example/anchors >/dev/null
"$MAKE_LOG" "$T/thief/audit.pem" "$T/thief/log"
request 15 '' "$T/thief/log/checkpoint"
same "a key that is not the log's" "$(post "$T/request")" 403
"$CONSILIUM" audit keygen --out "$T/foreign" --origin foreign.example/log >/dev/null
"$MAKE_LOG" "$T/foreign/audit.pem" "$T/foreign/log"
request 0 '' "$T/foreign/log/checkpoint"
same "a log that is not known" "$(post "$T/request")" 404

# The operator writes the log anew, with the right key.
mv "$log" "$T/old"
i=0
while [ $i -lt 4 ]; do "$MAKE_LOG" "$T/key/audit.pem" "$log"; i=$((i + 1)); done
expect 0 "the new one verifies by itself" "$CONSILIUM" audit verify "$log" --key "$vkey"
expect 1 "the witness does not cosign it" anchor --witness "$w" --witness-key "$wvkey"
says "$T/err" "and says why" "written anew"
expect 1 "so verify with the witness's key finds it out" "$CONSILIUM" audit verify "$log" --key "$vkey" --witness-key "$wvkey"
rm -r "$log"
"$MAKE_LOG" "$T/key/audit.pem" "$log"
expect 1 "nor one that was cut" anchor --witness "$w" --witness-key "$wvkey"
says "$T/err" "and says what it has seen" "has 5 entries, but the witness has seen 15"
rm -r "$log"
mv "$T/old" "$log"
"$CONSILIUM" audit keygen --witness --out "$T/wkey2" --origin witness.example/w1 >/dev/null
expect 3 "another witness's key" anchor --witness "$w" --witness-key "$T/wkey2/audit.vkey"
kill $witness_process
wait $witness_process
same "it ends when asked to" $? 0
finish
