#!/bin/sh
# The units of deploy/systemd: systemd understands them and thinks little of what is left to attack, and, where this can be
# done, a systemd of its own runs them: with all that locks them in, the watch scores, is reloaded, ends well.
. "$(dirname "$0")/lib.sh"
[ "${SANITIZED:-}" != ON ] || { say "skipped: what locks a service in keeps a sanitizer from looking for leaks"; exit 77; }
command -v systemd-analyze >/dev/null || { echo "systemd-analyze is not installed"; exit 77; }

mkdir "$T/units"
cp -r "$SOURCE_DIR"/deploy/systemd/* "$T/units"
sed -i "s|@CMAKE_INSTALL_FULL_BINDIR@|${CONSILIUM%/*}|; s|@CMAKE_INSTALL_FULL_DOCDIR@|/usr/share/doc/consilium|" "$T"/units/*.service
expect 0 "systemd understands the units" systemd-analyze verify "$T"/units/*.service "$T"/units/*.timer
same "without a word" "$(cat "$T/out" "$T/err")" ""
if systemd-analyze --help | grep -q -- --offline; then
    for unit in consilium-watch consilium-nightly; do
        expect 0 "$unit: exposure below 2" systemd-analyze security --no-pager --offline=true --threshold=20 "$T/units/$unit.service"
        say "   $(tail -n 1 "$T/out")"
    done
    mkdir "$T/bare"
    cp "$T/units/consilium-watch.service" "$T/bare"
    expect 1 "which the unit would not be alone" systemd-analyze security --no-pager --offline=true --threshold=20 "$T/bare/consilium-watch.service"
else
    say "this systemd-analyze does not judge files (--offline): their exposure is not looked at"
fi
expect 0 "when the nightly run begins" systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' "$T/units/consilium-nightly.timer")"

# ---- a systemd of its own ----
spaces="--pid --fork --mount --cgroup --uts --ipc --net"
# shellcheck disable=SC2086 # the list is meant to be split
if [ "$(id -u)" != 0 ] || ! unshare $spaces sh -c "mkdir -p $T/cg && mount -t cgroup2 cgroup2 $T/cg" 2>/dev/null ||
    [ ! -x /lib/systemd/systemd ] || [ ! -L /bin ] || ! "$CONSILIUM" doctor >/dev/null 2>&1; then
    say "no systemd can be run here (that needs root, namespaces, cgroup2 and a whole sandbox): the units are not started"
    finish
fi
expect 0 "a cohort" "$CONSILIUM" synth --cases 6 --seed 3 --out "$T/cohort"
expect 0 "a model" "$CONSILIUM" train "$T/cohort" --out "$T/m.safetensors" --epochs 1
expect 0 "a run, to compare with" "$CONSILIUM" run "$T/cohort" --model "$T/m.safetensors" --out "$T/run"
mkdir -p "$T/root" "$T/root.files/etc/consilium/key" "$T/root.files/root"
expect 0 "an installation" env DESTDIR="$T/root.files" cmake --install "$BINARY_DIR" --prefix /usr/local
same "has the units" "$(ls "$T/root.files/usr/local/lib/systemd/system" | tr '\n' ' ')" \
    "consilium-.service.d consilium-nightly.service consilium-nightly.timer consilium-watch.service "
cp "$T/m.safetensors" "$T/root.files/etc/consilium"
mv "$T/cohort/cases" "$T/root.files/root/cases"
printf '[run]\nmodel = /etc/consilium/m.safetensors\n[watch]\nquiet = 1\npoll = 1\n' >"$T/root.files/etc/consilium/consilium.conf"
cat >"$T/root.setup" <<'END'
consilium audit keygen --out /etc/consilium/key --origin test.example/log
systemd-sysusers consilium.conf
systemd-tmpfiles --create consilium.conf
END
# shellcheck disable=SC2086
setpriv --pdeathsig KILL unshare --kill-child $spaces sh "$SOURCE_DIR/tests/cli/own_systemd.sh" "$T/root" >"$T/boot" 2>&1 &
outer=$!
trap '[ -z "$inner" ] || kill -9 "$inner" 2>/dev/null; kill -9 "$outer" 2>/dev/null; rm -rf "$T"' EXIT
inner=
inside() { nsenter -t "$inner" -m -p -C -n -r -w "$@"; }
# within SECONDS WHAT COMMAND...: it must succeed by then.
within() {
    left=$(($1 * 5)) what=$2
    shift 2
    until "$@" >"$T/out" 2>&1; do
        left=$((left - 1))
        if [ $left -le 0 ]; then
            fail "$what: not within the time"
            tail -n 5 "$T/out" "$T/boot"
            return
        fi
        sleep 0.2
    done
    say "ok: $what"
}
has_child() { inner=$(cat "/proc/$outer/task/$outer/children" | tr -d ' ') && [ -n "$inner" ]; }
within 20 "there are namespaces" has_child
within 60 "a systemd runs in them" inside systemctl is-system-running
[ $failures -eq 0 ] || finish
show() { inside systemctl show --value -p "$2" "$1"; }
expect 0 "the watch starts" inside systemctl start consilium-watch
[ $failures -eq 0 ] || { inside systemctl status -l --no-pager consilium-watch; finish; }
same "and says that it can work" "$(show consilium-watch ActiveState)" active
inside sh -c 'cp -r /root/cases/* /var/spool/consilium/in; chown -R consilium: /var/spool/consilium/in'
within 60 "it scores what comes" inside sh -c '[ "$(ls /var/spool/consilium/done | wc -l)" = 6 ]'
within 20 "the manager knows how it goes" inside sh -c 'systemctl show -p StatusText consilium-watch | grep "6 cases: 6 scored, 0 failed, 0 withheld; 0 run, 0 wait"'
before=$(show consilium-watch MainPID)
expect 0 "it is reloaded" inside systemctl reload consilium-watch
within 60 "and works again" inside sh -c '[ "$(systemctl show --value -p ActiveState consilium-watch)" = active ]'
same "as the same process" "$(show consilium-watch MainPID)" "$before"
inside sh -c 'echo "quiet = soon" >>/etc/consilium/consilium.conf; systemctl reload consilium-watch'
within 60 "a configuration that will not do is refused" inside sh -c 'journalctl -o cat -u consilium-watch | grep reload-refused'
inside sed -i '$d' /etc/consilium/consilium.conf
same "and it goes on" "$(show consilium-watch ActiveState) $(show consilium-watch NRestarts)" "active 0"
inside sh -c 'cp -r /root/cases/SYN-000001 /var/spool/consilium/in/AGAIN; chown -R consilium: /var/spool/consilium/in'
within 60 "with cases" inside test -d /var/spool/consilium/done/AGAIN
expect 0 "it is ended" inside systemctl stop consilium-watch
same "well" "$(show consilium-watch Result) $(show consilium-watch ExecMainStatus)" "success 0"
same "its results are those of a run" "$(inside cat /var/lib/consilium/watch/results.csv | grep -v '^AGAIN,')" "$(cat "$T/run/results.csv")"
expect 0 "its log holds" inside consilium audit verify /var/lib/consilium/watch/audit --key /etc/consilium/key/audit.vkey \
    --results /var/lib/consilium/watch/results.ndjson
inside sh -c 'mkdir /var/lib/consilium/cases; cp -r /root/cases/* /var/lib/consilium/cases; chown -R consilium: /var/lib/consilium/cases'
expect 0 "the nightly run" inside systemctl start consilium-nightly
same "ends well" "$(show consilium-nightly Result)" success
same "with the results of a run" "$(inside cat /var/lib/consilium/nightly/results.csv)" "$(cat "$T/run/results.csv")"
expect 0 "the timer" inside systemctl start consilium-nightly.timer
finish
