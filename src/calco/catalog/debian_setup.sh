#!/bin/sh
# Runs inside the new Debian, once, after all packages are there and before the disk is made.
set -eu

# In Azure nobody but the owner decides when a machine updates or cleans itself, and these cost a first boot seconds.
systemctl mask --quiet \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    systemd-pstore.service

# The host key cloud-init is told to make; waagent reports only once this one exists. No resource disk to format.
sed -i \
    -e 's/^Provisioning.SshHostKeyPairType=.*/Provisioning.SshHostKeyPairType=ed25519/' \
    -e 's/^ResourceDisk.Format=.*/ResourceDisk.Format=n/' \
    /etc/waagent.conf

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
