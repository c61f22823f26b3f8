# Run by `cargo xtask dist --check` with namespaces of its own (mounts, processes, network): when it ends, all that it started and mounted is
# gone. OLD and NEW are the roots of Debian 11 and 12, NAME the archive's folder in /opt of both.
set -eu
old=$1 new=$2 name=$3

ip link set lo up
for root in "$old" "$new"; do
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
done
# A folder that both see: the lab's.
mkdir -p "$old/srv/lab" "$new/srv/lab"
mount --bind "$new/srv" "$old/srv"

in_chroot() { # ROOT COMMANDS
    chroot "$1" env -i HOME=/root LANG=C.UTF-8 PATH="/opt/$name/bin:/usr/sbin:/usr/bin:/sbin:/bin" sh -euc "$2"
}

for root in "$old" "$new"; do
    in_chroot "$root" '
        . /etc/os-release; echo "==> $PRETTY_NAME, $(ldd --version | head -n 1)"
        if command -v cargo || command -v rustc || command -v cc; then echo "not a host without Rust" >&2; exit 1; fi
        recorder --version; analyze --version; lab --version'
done

gate="--rule 'failovers.count == 1' --rule 'direct.writer.outages >= 1' --rule 'proxy.writer.outages >= 1' --rule 'dropped_rows == 0'"
gate="$gate --rule 'lost == 0'"

echo "==> Debian 12: lab demo"
in_chroot "$new" "rm -rf /root/runs; lab demo --out /root/runs; analyze assert /root/runs/* $gate"

# Debian 11 has PostgreSQL 13, and the lab needs 14: its servers are those of Debian 12.
echo "==> Debian 11: records a failover of a lab, analyzes it"
in_chroot "$new" 'lab up --dir /srv/lab/it'
in_chroot "$old" "
    rm -rf /root/runs
    eval \"\$(lab env --dir /srv/lab/it)\"
    recorder setup
    recorder run --out /root/runs --duration 30 --concurrent-workers 10 --pool-size 10 \
        --failover-after 10s --failover-command 'lab failover --dir /srv/lab/it'
    analyze report /root/runs/*
    analyze charts /root/runs/*
    analyze query /root/runs 'SELECT path, count(*) AS n FROM operations GROUP BY path'
    analyze assert /root/runs/* $gate"
in_chroot "$new" 'lab down --dir /srv/lab/it'
