#!/bin/sh
# A stranger's adapter: installs the project into a folder of its own, builds the example against that, with the CMake package
# and with pkg-config, and uses both from the installed program.
. "$(dirname "$0")/lib.sh"

prefix="$T/prefix with space"
expect 0 "install" cmake --install "$BINARY_DIR" --prefix "$prefix"
program="$prefix/bin/consilium"
pc=$(dirname "$(find "$prefix" -name consilium.pc)")
cp -r "$SOURCE_DIR/plugins/example" "$T/example"

for language in "cc -x c -std=c99" "cc -x c -std=c17" "c++ -x c++ -std=c++17"; do
    printf '#include <consilium/%s.h>\n' plugin preview synth >"$T/headers.c"
    # shellcheck disable=SC2086
    expect 0 "the headers are good: $language" $language -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
        "-I$prefix/include" "$T/headers.c"
done

expect 0 "CMake finds the package" cmake -S "$T/example" -B "$T/cmake" -DCMAKE_PREFIX_PATH="$prefix"
expect 0 "and builds the adapter" cmake --build "$T/cmake"

mkdir "$T/pkg-config"
expect 0 "pkg-config knows it" env PKG_CONFIG_PATH="$pc" pkg-config --cflags consilium
eval "set -- $(cat "$T/out")"
expect 0 "and the compiler builds it" cc -shared -fPIC -fvisibility=hidden -Wall -Wextra -Werror "$@" \
    -o "$T/pkg-config/spirometry.so" "$T/example/spirometry.c"
expect 0 "pkg-config names the folder of adapters" env PKG_CONFIG_PATH="$pc" pkg-config --variable=plugindir consilium
eval "folder=$(cat "$T/out")"
if [ -f "$folder/record.so" ]; then say "ok: and adapters are there"; else fail "no adapters in $folder"; fi

for way in cmake pkg-config; do
    same "$way: one symbol is exported" "$(nm -D --defined-only "$T/$way/spirometry.so" | awk '{print $3}')" consilium_plugin_entry
    expect 0 "$way: listed" "$program" plugin list --plugins "$T/$way"
    says "$T/out" "$way: by its id" "^org\.example\.spirometry 1\.0\.0"
    expect 0 "$way: embeds the sample" "$program" embed --plugins "$T/$way" "$T/example/sample.csv"
    same "$way: two tokens" "$(grep -c '"type":"token"' "$T/out")" 2
    # 1.92 / 2.81 = 0.68327
    says "$T/out" "$way: with the ratio" '"ratio":0\.68327'
    says "$T/out" "$way: and whose it is" '"kind":"patient_id","value":"P-0042"'
done

# What a file can do to it.
head='spirometry,1\npatient,date,phase,fev1_l,fvc_l\n'
long=$(printf '%0300d' 0)
refused() {
    printf '%b' "$2" >"$T/bad.csv"
    expect 1 "refused: $1" "$program" embed --plugins "$T/cmake" "$T/bad.csv"
    says "$T/err" "because: $3" "$3"
}
refused "another header" 'spirometry,1\npatient,fev1\n' 'line 2: must be patient,date'
refused "no header" 'spirometry,1\n' 'line 2: the file ends'
refused "four cells" "${head}P,2024-03-02,before,1\n" 'line 3: a row must have five cells'
refused "six cells" "${head}P,2024-03-02,before,1,2,3\n" 'line 3: a row must have five cells'
refused "not a number" "${head}P,2024-03-02,before,much,2\n" 'line 3: FEV1 and FVC must be litres'
refused "no lung" "${head}P,2024-03-02,before,1,1e9\n" 'line 3: FEV1 and FVC must be litres'
refused "no date" "${head}P,yesterday,before,1,2\n" 'line 3: the date must have the form'
refused "no patient" "${head},2024-03-02,before,1,2\n" 'line 3: the patient is empty'
refused "a long line" "${head}P,2024-03-02,before,$long,2\n" 'line 3: the line is longer'
printf '%b' "${head}P,2024-03-02,before,,2.5\nP,2024-03-02,after,3,2" >"$T/odd.csv"
expect 0 "an empty cell, an odd pair and no last newline" "$program" embed --plugins "$T/cmake" "$T/odd.csv"
says "$T/out" "not known is null" '"fev1":null,"fvc":2.5,"ratio":null'
says "$T/out" "the odd pair is said" '"type":"warning".*larger than FVC'
finish
