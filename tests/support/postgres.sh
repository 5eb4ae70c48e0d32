# Runs a PostgreSQL cluster in a temporary folder while standard input is open, then stops the cluster
# and removes the folder. This works however the parent process ends, even by SIGKILL: the kernel closes
# the pipe.
#
# Prints "ready <folder>" when the socket in <folder> accepts connections. Any output before that line
# describes an error.
set -eu
exec 2>&1

# Signals from Ctrl-C or a closed terminal end the tests; this script cleans up afterwards. A write to a
# closed pipe must fail, and must not end the shell before it has cleaned up.
trap '' HUP INT QUIT TERM PIPE

# The PostgreSQL programs are on PATH, or in Debian's folder for each version.
if initdb=$(command -v initdb); then
    bin=$(dirname "$(readlink -f "$initdb")")
else
    bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t / -k 5n | tail -n 1)
fi
if [ ! -x "${bin:-/nonexistent}/initdb" ] || [ ! -x "$bin/pg_ctl" ]; then
    echo "no PostgreSQL on this machine: initdb is neither on PATH nor in /usr/lib/postgresql/*/bin."
    echo "Install the server, on Debian and Ubuntu: apt-get install postgresql (tests/run does it)."
    exit 1
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/belay-postgres.XXXXXX")
data=$folder/data

# PostgreSQL refuses to run as root. In that case, it runs as the user of its package.
as_owner() { "$@"; }
if [ "$(id -u)" -eq 0 ]; then
    as_owner() { setpriv --reuid=postgres --regid="$(id -g postgres)" --init-groups -- "$@"; }
fi

finish() {
    if [ -e "$data/postmaster.pid" ]; then
        as_owner "$bin/pg_ctl" stop --pgdata="$data" --mode=immediate --silent || true
    fi
    rm -rf "$folder"
}
trap finish EXIT

if [ "$(id -u)" -eq 0 ]; then
    chown postgres "$folder"
fi
cd "$folder"

as_owner "$bin/initdb" --pgdata="$data" --username=postgres --auth=trust --no-sync \
    --encoding=UTF8 --locale=C >initdb.log </dev/null || {
    cat initdb.log
    exit 1
}

# Committed data need not reach the disk: nothing here outlives the tests, and they never kill this
# server. Autovacuum is off, because its workers would connect to the template database and block
# cloning. The log stays short, because it may be in memory.
cat >>"$data/postgresql.conf" <<SETTINGS
listen_addresses = ''
unix_socket_directories = '$folder'
max_connections = 300
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
max_wal_size = 256MB
SETTINGS

as_owner "$bin/pg_ctl" start --pgdata="$data" --wait --silent --log="$folder/server.log" </dev/null || {
    cat server.log
    exit 1
}

echo "ready $folder"
exec >/dev/null 2>&1
while read -r _; do :; done
