#!/bin/sh
# Runs inside the new Debian, once, after all packages are there and before the disk is made.
set -eu

# In Azure nobody but the owner decides when a machine updates or cleans itself.
systemctl mask --quiet \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service

# Each of these is a program or two at every boot, for what a virtual machine in Azure has not: foreign binaries,
# kernel debugging, crash dumps in firmware, measured boot, runlevels. Under emulation a program costs 0.1 s to start.
systemctl mask --quiet \
    systemd-binfmt.service proc-sys-fs-binfmt_misc.automount \
    sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount \
    dev-mqueue.mount systemd-pstore.service systemd-pcrphase.service systemd-pcrphase-sysinit.service \
    systemd-update-utmp-runlevel.service
mkdir -p /etc/systemd/system-generators
for name in debug gpt-auto hibernate-resume integritysetup run system-update veritysetup; do
    ln -s /dev/null "/etc/systemd/system-generators/systemd-$name-generator"
done
systemctl set-default --quiet multi-user.target

# The host key cloud-init is told to make; waagent reports only once this one exists. No resource disk to format.
sed -i \
    -e 's/^Provisioning.SshHostKeyPairType=.*/Provisioning.SshHostKeyPairType=ed25519/' \
    -e 's/^ResourceDisk.Format=.*/ResourceDisk.Format=n/' \
    /etc/waagent.conf

# What Debian does itself where a file can have no capabilities; the disk is made without them.
chmod u+s /usr/bin/ping

locale-gen >/dev/null
update-initramfs -u

# What must differ between machines, and what only the build needed.
: > /etc/machine-id
mkdir -p /var/lib/dbus
ln -sf /etc/machine-id /var/lib/dbus/machine-id
echo localhost > /etc/hostname
rm -f /etc/ssh/ssh_host_* /etc/resolv.conf /var/lib/systemd/random-seed
rm -f /etc/apt/apt.conf.d/99mmdebstrap /etc/dpkg/dpkg.cfg.d/99mmdebstrap
mv /var/tmp/calco-sources.list /etc/apt/sources.list
rm -f /etc/apt/sources.list.d/*
rm -rf /var/log/apt /var/log/dpkg.log /var/log/bootstrap.log /var/log/alternatives.log
rm -rf /boot/*.old /initrd.img.old /vmlinuz.old /var/tmp/calco-setup

# Nothing in /etc or /var is older than /usr: no users to add, no hardware database to compile at the first boot.
touch /etc/.updated /var/.updated
touch -d yesterday /usr
