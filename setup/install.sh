#!/usr/bin/env bash
# install.sh: download the binary of a release, verify its checksum, and add it to the job's PATH.
#
# It runs on GitHub's and on self-hosted runners with bash, curl and sha256sum or shasum: Linux, macOS and Windows, where bash is
# Git's. A release has mlops-track_OS_ARCH[.exe] for each system and checksums.txt.
#
# The inputs come from a workflow, which may fill them from an event that a stranger wrote. Each is checked before it gets into a
# URL, or into a line of GITHUB_ENV, GITHUB_OUTPUT or GITHUB_PATH: https://docs.github.com/en/actions/reference/security/secure-use
set -euo pipefail
export LC_ALL=C # [a-z] is just these letters

# one_line makes a text fit for a workflow command, which ends at the line's end.
one_line() {
  local text=$1
  text=${text//'%'/%25}
  text=${text//$'\r'/%0D}
  printf '%s' "${text//$'\n'/%0A}"
}

fail() {
  echo "::error title=mlops-track setup::$(one_line "$*")"
  exit 1
}

# check NAME VALUE PATTERN FORM: the whole value must match.
check() { [[ $2 =~ ^($3)$ ]] || fail "$1 \"$2\" must be $4"; }

# fetch URL FILE. Only http and https, with their redirects, and from https only to https; no globs, no options in the URL.
fetch() {
  local protocols='=https'
  [[ $1 == https://* ]] || protocols='=http,https'
  curl --fail --silent --show-error --location --proto "$protocols" --proto-redir "$protocols" --globoff \
    --retry 3 --retry-connrefused --max-time 300 --output "$2" --url "$1"
}

checksum() {
  if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d ' ' -f 1
}

version=${VERSION:-latest}
check version "$version" 'latest|v?[0-9]+[.][0-9]+[.][0-9]+(-[0-9A-Za-z]+([.-][0-9A-Za-z]+)*)?' \
  'latest or a version such as v1.2.3'
base=${BASE_URL:-${MLOPS_TRACK_RELEASES:-https://github.com/Iyalvan/mlops-track/releases}}
base=${base%/}
userinfo='^([a-z]+://)[^/]*@(.*)$'
shown=$base # without a password
[[ $base =~ $userinfo ]] && shown="${BASH_REMATCH[1]}***@${BASH_REMATCH[2]}"
url='^https?://[]A-Za-z0-9._~:/@%!$&()*+,;=[-]+$' dots='/[.][.]?(/|$)' local_host='^http://(127[.]|localhost[:/]|\[::1\])'
[[ $base =~ $url && ! $base =~ $dots ]] || fail "base-url \"$shown\" must have the form https://HOST/PATH"
[[ $base == https://* || $base =~ $local_host ]] ||
  echo "::warning title=mlops-track setup::base-url $(one_line "$shown") is not https: the network could replace the binary and its checksum"
check job-id "${JOB_ID:-}" '[A-Za-z0-9_.:-]*' 'letters, digits and _.:- on one line'
if [ "$version" = latest ]; then release=latest/download; else release=download/v${version#v}; fi

case ${RUNNER_OS:-} in
  Linux) os=linux suffix='' ;;
  macOS) os=darwin suffix='' ;;
  Windows) os=windows suffix=.exe ;;
  *) fail "there is no binary for ${RUNNER_OS:-this system}: RUNNER_OS must be Linux, macOS or Windows" ;;
esac
case ${RUNNER_ARCH:-} in
  X64) arch=amd64 ;;
  ARM64) arch=arm64 ;;
  *) fail "there is no binary for ${RUNNER_ARCH:-this machine}: RUNNER_ARCH must be X64 or ARM64" ;;
esac
file=mlops-track_${os}_$arch$suffix

temp=${RUNNER_TEMP:-${TMPDIR:-/tmp}}
if [ "$os" = windows ]; then temp=$(cygpath --unix "$temp"); fi
[[ $temp != *[$'\r\n']* ]] || fail "the folder for temporary files, \"$temp\", must have a name on one line"
dir=$(mktemp -d "$temp/mlops-track-XXXXXX")
fetch "$base/$release/checksums.txt" "$dir/checksums.txt" || fail "cannot download $shown/$release/checksums.txt"
# One line per file, "SUM  NAME"; a star before the name means binary.
want=$(tr -d '\r*' <"$dir/checksums.txt" | awk -v file="$file" '$2 == file { print tolower($1) }')
[ -n "$want" ] || fail "$shown/$release/checksums.txt has no checksum for $file"
check "the checksum of $file" "$want" '[0-9a-f]{64}' '64 hexadecimal digits, once'
fetch "$base/$release/$file" "$dir/$file" || fail "cannot download $shown/$release/$file"
got=$(checksum "$dir/$file")
[ "$got" = "$want" ] || fail "$file has the checksum $got; the checksum in the release is $want"

program=$dir/mlops-track$suffix
mv "$dir/$file" "$program"
chmod +x "$program"
read -r _ installed _ < <("$program" version)
check "the version that $file prints" "$installed" '[0-9A-Za-z.+-]+' 'a version'
path=$dir
if [ "$os" = windows ]; then path=$(cygpath --windows "$dir"); fi
echo "$path" >>"$GITHUB_PATH"
{
  echo "version=$installed"
  echo "path=$path"
} >>"$GITHUB_OUTPUT"
# Values that are known only to expressions of the workflow. JSON means the same without its line ends.
{
  echo "MLOPS_MATRIX=$(tr -d '\r\n' <<<"${MATRIX:-}")"
  echo "MLOPS_JOB_ID=${JOB_ID:-}"
} >>"$GITHUB_ENV"
echo "mlops-track $installed is on PATH: $path"
