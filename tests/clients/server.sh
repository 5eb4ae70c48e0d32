# Runs a server in a folder for as long as standard input stays open, then ends it and removes the
# folder. Whoever holds the other end may end in any way, SIGKILL included: the kernel closes the pipe.
#
# server.sh <folder> <program> <arguments>: what the program says comes out here, and the output
# ends when it does.
set -eu

# A time limit and a Ctrl-C are for the tests; tidying up comes after their end.
trap '' HUP INT QUIT TERM PIPE

folder=$1
shift
cd "$folder"
"$@" </dev/null &
server=$!
finish() {
    kill -KILL "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    cd /
    rm -rf "$folder"
}
trap finish EXIT

exec >/dev/null 2>&1
while read -r _; do :; done
