#!/usr/bin/env bash
# The units are what systemd understands, and each is closed as far as its work allows.
# Usage: systemd_units_test.sh DIR-OF-CONFIGURED-UNITS SOURCE-DIR
set -euo pipefail

units_dir=$1
source_dir=$2
# Exposure as systemd-analyze counts it (0 best, 10 worst), times ten.
threshold=20

if ! command -v systemd-analyze >/dev/null; then
  echo "systemd-analyze is not installed: apt-get install systemd"
  exit 77
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() {
  echo "FAILED: $*"
  failed=1
}

# The programs need not be installed here: what is checked is everything else.
for unit in dray.target dray-broker.service drayd.service dray-worker@.service dray-notifier.service; do
  sed -E 's#^ExecStart=[^ ]+#ExecStart=/bin/true#' "$units_dir/$unit" >"$work/$unit"
done
cp "$work/dray-worker@.service" "$work/dray-worker@1.service"

# An unknown key is only a warning with exit 0, so nothing at all may be said.
said=$(cd "$work" && SYSTEMD_UNIT_PATH="$work:" systemd-analyze verify --man=no \
  ./dray.target ./dray-broker.service ./drayd.service ./dray-worker@1.service ./dray-notifier.service 2>&1) ||
  fail "systemd-analyze verify ended with an error"
[ -z "$said" ] || fail "systemd-analyze verify says: $said"

for unit in dray-broker.service drayd.service dray-worker@1.service dray-notifier.service; do
  report=$(systemd-analyze security --offline=true --threshold=$threshold --no-pager "$work/$unit" 2>&1) ||
    fail "$unit is more exposed than $threshold/10"
  echo "$unit: $(echo "$report" | tail -n 1)"
done

# Rules that no tool checks.
for unit in dray-broker drayd dray-worker@ dray-notifier; do
  for line in Type=notify WatchdogSec= RestartPreventExitStatus=78 KillMode=mixed LimitCORE=0; do
    grep -q "^$line" "$units_dir/$unit.service" || fail "$unit.service lacks $line"
  done
  # The notifier reads drayd's database as a member of its group; nobody else's files are anybody's.
  mask=0077
  [ "$unit" = drayd ] && mask=0027
  grep -q "^UMask=$mask" "$units_dir/$unit.service" || fail "$unit.service lacks UMask=$mask"
done
grep -q '@CMAKE' "$units_dir"/*.service && fail "a placeholder was left in a unit"

# The users that the units and directories name are made.
for user in $(grep -hE '^User=' "$units_dir"/*.service | cut -d= -f2) \
  $(awk '$1 == "d" { print $4; print $5 }' "$source_dir/systemd/tmpfiles.d/dray.conf" | sort -u); do
  [ "$user" = root ] || grep -qE "^[ug] +$user( |\$)" "$source_dir/systemd/sysusers.d/dray.conf" ||
    fail "sysusers.d/dray.conf does not make '$user'"
done

# Both files are made for real, in an empty tree.
root="$work/root"
mkdir -p "$root/etc" "$root/run" "$root/var/lib"
if systemd-sysusers --root="$root" "$source_dir/systemd/sysusers.d/dray.conf" >"$work/out" 2>&1; then
  if [ "$(id -u)" = 0 ]; then
    systemd-tmpfiles --root="$root" --create "$source_dir/systemd/tmpfiles.d/dray.conf" ||
      fail "systemd-tmpfiles refuses tmpfiles.d/dray.conf"
    mode=$(stat -c %a "$root/run/dray/broker/ops")
    [ "$mode" = 2750 ] || fail "run/dray/broker/ops has mode $mode, not 2750"
  fi
else
  fail "systemd-sysusers refuses sysusers.d/dray.conf: $(cat "$work/out")"
fi

[ "$failed" = 0 ] && echo "units are fine"
exit "$failed"
