#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A firmware update from beginning to end, with a simulated device and nothing to plug in.
# Installs what is missing (Debian, Ubuntu), builds, and shows each command as you would type it.
set -eu -o pipefail
cd "$(dirname "$0")/.."

bold=
plain=
if [ -t 1 ]; then
    bold=$'\e[1m'
    plain=$'\e[0m'
fi
work=$(mktemp -d)
simulator=

clean_up() {
    status=$?
    trap - EXIT
    if [ -n "$simulator" ]; then
        kill "$simulator" 2>/dev/null || true
        wait "$simulator" 2>/dev/null || true
    fi
    [ $status -eq 0 ] || echo "The demonstration stopped before its end (status $status)." >&2
    rm -rf "$work"
    exit $status
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

say() {
    printf '\n%s\n' "$*" | fold -s -w 96 | sed 's/ *$//'
}

# Shows a command as one would type it.
show() {
    local word line=
    for word in "$@"; do
        case $word in
            *[!a-zA-Z0-9_./:=-]*) line+=" \"$word\"" ;;
            *) line+=" $word" ;;
        esac
    done
    echo "${bold}\$$line${plain}"
}

# Shows a command, runs it, keeps what it printed for expect().
run() {
    show "$@"
    "$@" | tee "$work/output"
}

fail() {
    echo "Not as it should be: $*" >&2
    exit 1
}

# is SLOT VERSION FLAGS: whether the last `image list` said so.
is() {
    found=$(awk -v want="slot=$1" '
        /slot=/ { here = ($2 == want) }
        here && /version:/ { version = $2 }
        here && /flags:/ { sub(/.*flags: */, ""); flags = $0 }
        END { print version "/" flags }' "$work/output")
    [ "$found" = "$2/$3" ]
}

expect() {
    is "$@" || fail "slot $1 should hold $2 with flags '$3', but it is '$found'"
}

old=tests/data/app-1.0.0.signed.bin
new=tests/data/app-1.1.0.signed.bin

say "First the programs: ${bold}smpctl${plain}, the command line, and ${bold}smpsim${plain}, a device" \
    "without hardware. (The first time this takes a minute.)"
tests/support/packages.sh build-essential cmake pkg-config \
    libcbor-dev nettle-dev libserialport-dev libpopt-dev libjansson-dev >&2
cmake --preset release >"$work/build.log" 2>&1 &&
    cmake --build --preset release -j "$(nproc)" >>"$work/build.log" 2>&1 || {
    tail -n 40 "$work/build.log" >&2
    fail "the build"
}
export PATH=$PWD/build/release/bin:$PATH
# Settings and saved connections of the person at this machine stay out of it.
export XDG_CONFIG_HOME=$work
unset SMP_DEVICE

say "A device comes up. It has two slots for firmware: what is in slot 0 runs, slot 1 is where a new" \
    "version is put. It runs firmware 1.0.0 and listens on a UDP port that the system picks."
# A little delay, as a network has one: or the upload would be over before it can be seen.
start=(smpsim --udp 127.0.0.1:0 --delay 40 --state "$work/device" --image $old)
show "${start[@]}"
"${start[@]}" >"$work/smpsim.log" 2>&1 &
simulator=$!
for _ in $(seq 100); do
    address=$(grep -oE '127\.0\.0\.1:[1-9][0-9]*' "$work/smpsim.log" | head -n 1) && break
    kill -0 "$simulator" 2>/dev/null || break
    sleep 0.1
done
cat "$work/smpsim.log"
[ -n "${address:-}" ] || fail "smpsim did not start"

say "From here on smpctl knows which device is meant."
show export SMP_DEVICE="udp://$address"
export SMP_DEVICE=udp://$address

say "What is in the device? Version 1.0.0 runs (active) and is there to stay (confirmed)."
run smpctl image list
expect 0 1.0.0 "active confirmed"

say "The new firmware, looked at before it goes anywhere: a file signed by MCUboot's imgtool. The" \
    "hash names this image from now on."
run smpctl image info $new

say "Upload it. The device goes on running 1.0.0 meanwhile."
show smpctl image upload $new
smpctl image upload $new

say "Now slot 1 holds 1.1.0. No flags: nobody has asked for it to run."
run smpctl image list
expect 0 1.0.0 "active confirmed"
expect 1 1.1.0 ""

say "Ask for a trial: at the next reset the boot loader swaps the slots, once."
run smpctl image test $new
expect 1 1.1.0 "pending"

say "Reset. The device answers first, then it is away for a moment while it boots."
run smpctl reset
echo "(waiting until it is back)"
# Until it has gone down it still answers as before: wait for the new version, not for any answer.
for _ in $(seq 60); do
    smpctl -t 1 image list >"$work/output" 2>/dev/null && is 0 1.1.0 "active" && break
    sleep 0.25
done

say "1.1.0 runs (active), on trial: without \"confirmed\" the next reset would bring 1.0.0 back. That" \
    "is the safety net: firmware that cannot be reached any more undoes itself."
run smpctl image list
expect 0 1.1.0 "active"
expect 1 1.0.0 "confirmed"

say "It answers, so keep it: confirm."
run smpctl echo "hello, are you well?"
grep -qx "hello, are you well?" "$work/output" || fail "the echo"
run smpctl image confirm

say "1.1.0 is active and confirmed: the update is done. 1.0.0 stays in slot 1 until the next upload."
run smpctl image list
expect 0 1.1.0 "active confirmed"

say "That was all of it. With a board on your network it is the same commands and its address. See" \
    "what else there is: build/release/bin/smpctl --help"
