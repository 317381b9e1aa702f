# shellcheck shell=bash
# Shared by the scripts of this directory.

# How many compilers fit: one takes up to 1.5 GB with these headers.
build_jobs() {
  local memory_kb fitting cores
  memory_kb=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
  fitting=$((memory_kb / 1500000))
  cores=$(nproc)
  if [ "$cores" -le "$fitting" ]; then echo "$cores"; else echo $((fitting > 0 ? fitting : 1)); fi
}
