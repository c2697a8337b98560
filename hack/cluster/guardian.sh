# Waits for the end of standard input, which the kernel sees to when the owner of its other end is gone, then kills the
# programs of the cluster in the folder $0 and removes the folder. An interrupt from the terminal does not end it.
#
# It kills without asking: the data is either temporary or etcd's, which is safe against that.
trap '' INT TERM HUP
read -r _
cd "$0" || exit 0
rm -rf bin
for file in pids/*; do
  [ -e "$file" ] && kill -9 "$(cat "$file")" 2>/dev/null
done
tries=0
for file in pids/*; do
  while [ -e "$file" ] && kill -0 "$(cat "$file")" 2>/dev/null && [ "$tries" -lt 50 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
done
cd / && rm -rf "$0"
