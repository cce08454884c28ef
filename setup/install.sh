#!/usr/bin/env bash
# install.sh: download the binary of a release, verify its checksum, and add it to the job's PATH.
#
# It runs on GitHub's and on self-hosted runners with bash, curl and sha256sum or shasum: Linux, macOS and Windows, where bash is
# Git's. A release has mlops-track_OS_ARCH[.exe] for each system and checksums.txt.
set -euo pipefail

fail() {
  echo "::error title=mlops-track setup::$*"
  exit 1
}

fetch() { curl --fail --silent --show-error --location --retry 3 --retry-connrefused --max-time 300 --output "$2" "$1"; }

checksum() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

base=${BASE_URL:-${MLOPS_TRACK_RELEASES:-https://github.com/Iyalvan/mlops-track/releases}}
base=${base%/}
case $VERSION in
  latest) releases=$base/latest/download ;;
  v[0-9]* | [0-9]*) releases=$base/download/v${VERSION#v} ;;
  *) fail "version \"$VERSION\" must be latest or a version such as v1.2.3" ;;
esac
case $RUNNER_OS in
  Linux) os=linux suffix= ;;
  macOS) os=darwin suffix= ;;
  Windows) os=windows suffix=.exe ;;
  *) fail "there is no binary for $RUNNER_OS" ;;
esac
case $RUNNER_ARCH in
  X64) arch=amd64 ;;
  ARM64) arch=arm64 ;;
  *) fail "there is no binary for $RUNNER_ARCH" ;;
esac
file=mlops-track_${os}_$arch$suffix

temp=${RUNNER_TEMP:-${TMPDIR:-/tmp}}
if [ "$os" = windows ]; then temp=$(cygpath --unix "$temp"); fi
dir=$(mktemp -d "$temp/mlops-track-XXXXXX")
fetch "$releases/checksums.txt" "$dir/checksums.txt" || fail "cannot download $releases/checksums.txt"
# One line per file, "SUM  NAME"; a star before the name means binary.
want=$(tr -d '\r*' <"$dir/checksums.txt" | awk -v file="$file" '$2 == file { print $1 }')
[ -n "$want" ] || fail "$releases/checksums.txt has no checksum for $file"
fetch "$releases/$file" "$dir/$file" || fail "cannot download $releases/$file"
got=$(checksum "$dir/$file")
[ "$got" = "$want" ] || fail "$file has the checksum $got; the checksum in the release is $want"

program=$dir/mlops-track$suffix
mv "$dir/$file" "$program"
chmod +x "$program"
read -r _ version _ < <("$program" version)
path=$dir
if [ "$os" = windows ]; then path=$(cygpath --windows "$dir"); fi
echo "$path" >>"$GITHUB_PATH"
{
  echo "version=$version"
  echo "path=$path"
} >>"$GITHUB_OUTPUT"
# Values that are known only to expressions of the workflow.
{
  echo "MLOPS_MATRIX=$(tr -d '\r\n' <<<"${MATRIX:-}")"
  echo "MLOPS_JOB_ID=${JOB_ID:-}"
} >>"$GITHUB_ENV"
echo "mlops-track $version is on PATH: $path"
