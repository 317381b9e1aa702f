#!/usr/bin/env bash
# The web page's own tests: pure parts, types, format. The argument is its folder.
set -euo pipefail

cd "$1"
[ -d node_modules ] || npm ci --no-audit --no-fund --loglevel=error
npm run --silent check
npm run --silent test
