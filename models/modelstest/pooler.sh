# Runs PgBouncer, the binary $1, with the settings $2, until standard input ends, which is when the process at the other end does, however
# it ends. Its directory is $3, or a new one that is told on standard output. It is removed if the last line of the input is not "again".
set -eu
umask 077
dir=$3
if [ -z "$dir" ]; then dir=$(mktemp -d /tmp/roster-pooler-XXXXXX); fi
pooler=
finish() {
  if [ -n "$pooler" ]; then kill -KILL "$pooler" 2>/dev/null || true; wait "$pooler" 2>/dev/null || true; fi
  if [ "$line" != again ]; then rm -rf "$dir"; fi
}
line=
trap finish EXIT
trap 'exit 1' HUP INT TERM
trap '' PIPE
printf '%s\nunix_socket_dir = %s\n' "$2" "$dir" >"$dir/pgbouncer.ini"
rm -f "$dir/.s.PGSQL.6432" # of one that was killed
: >"$dir/log"
"$1" "$dir/pgbouncer.ini" </dev/null >>"$dir/log" 2>&1 &
pooler=$!
tries=0
while ! grep -q "process up" "$dir/log"; do
  tries=$((tries + 1))
  if [ $tries -gt 200 ] || ! kill -0 "$pooler" 2>/dev/null; then
    cat "$dir/log" >&2
    exit 1
  fi
  sleep 0.05
done
echo "$dir"
read -r line || true
