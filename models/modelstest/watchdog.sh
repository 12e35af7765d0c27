# Makes and runs a PostgreSQL cluster from the binaries in $1, below the directory $2, with the other arguments for the server, until
# standard input ends, which is when the process at the other end does, however it ends. Then nothing is left: no server, no file. A line
# of standard input that says stop or start does that to the server.
set -eu
umask 077

# Not TMPDIR: the path of a socket has a short limit, and a foreign user may not reach what root calls its temporary directory.
place=$2
free=$(df -Pk "$place" 2>/dev/null | awk 'NR == 2 { print $4 }') || true
if [ ! -w "$place" ] || [ "${free:-0}" -lt 1048576 ]; then place=/tmp; fi # less than a gigabyte is no room
dir=$(mktemp -d "$place/roster-postgres-XXXXXX")
server=
finish() {
  # SIGQUIT ends a server at once; there is nothing to keep.
  if [ -n "$server" ]; then kill -QUIT "$server" 2>/dev/null || true; kill -CONT "$server" 2>/dev/null || true; wait "$server" || true; fi
  rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM
trap '' PIPE # nobody reads standard error once the server accepts connections

# The locale C makes a database whose own lower() knows ASCII only: nothing may depend on the locale of the server.
bin=$1
shift 2
"$bin/initdb" --pgdata "$dir/data" --username postgres --auth trust --encoding UTF8 --locale C --no-sync --no-instructions >"$dir/initdb.log" 2>&1 ||
  { cat "$dir/initdb.log" >&2; exit 1; }

start() {
  "$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c max_connections=200 -c log_min_messages=log "$@" </dev/null &
  server=$!
}
start "$@"
echo "$dir"
while read -r order; do
  case $order in
  stop) kill -INT "$server"; wait "$server" || true; server= ;;
  start) start "$@" ;;
  esac
done
