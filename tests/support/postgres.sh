# Runs a PostgreSQL cluster in a temporary folder for as long as standard input stays open, then
# stops it and removes the folder. Whoever holds the other end may end in any way, SIGKILL included:
# the kernel closes the pipe.
#
# Prints "ready <folder>" when connections are accepted at the socket in <folder>; anything printed
# before that is what went wrong.
set -eu
exec 2>&1

# The signals of a Ctrl-C or a closed terminal end the tests; tidying up comes after that. A pipe
# nobody reads any more must fail the write, not end the shell before it has tidied up.
trap '' HUP INT QUIT TERM PIPE

# The distributions' own programs come from PATH, or from where Debian keeps one folder a version.
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

# PostgreSQL refuses to run as root: there it runs as the user its package made.
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

# Nothing here outlives the tests, and they kill their own servers, never this one: what has been
# committed need not reach the disk. Without autovacuum no worker is ever inside the template
# database when it is cloned. The log may be in memory, and is kept short.
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
