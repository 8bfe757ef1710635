# own_systemd.sh ROOT: becomes a systemd of its own, whose root is ROOT with /usr of this machine below it, read-only, and
# nothing else of it. Run in new namespaces (unshare --pid --fork --mount --cgroup --uts --ipc --net). What is in
# ROOT.files is copied to the root first, ROOT.setup run in it.
set -e
root=$1
mount --make-rprivate /
mount -t tmpfs tmpfs "$root"
cd "$root"
mkdir -p .old usr etc proc sys dev run tmp var/lib var/spool var/log root
for link in bin lib lib64 sbin; do
    if [ -L "/$link" ]; then cp -P "/$link" "$link"; fi
done
mount --bind /usr usr
mount -o remount,bind,ro usr
mount -t tmpfs tmpfs usr/local
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty dev/
ln -s /proc/self/fd dev/fd
ln -s pts/ptmx dev/ptmx
mkdir dev/shm dev/pts dev/mqueue
mount -t devpts devpts dev/pts
cp -a /etc/ld.so* /etc/passwd /etc/group /etc/nsswitch.conf etc/
: >etc/machine-id
cp -r "$root.files/." .
cp "$root.setup" setup
pivot_root . .old
umount -l /.old
rmdir /.old
mount --make-rshared / # as systemd has it where it is not in a container: credentials are mounted so
sh /setup
container=other exec /lib/systemd/systemd --unit=basic.target --show-status=no
