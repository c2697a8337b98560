# Waits for the end of standard input, which the kernel sees to when the owner of its other end is gone, then kills the
# programs that were launched in the folder $0 and removes the folder. An interrupt from the terminal does not end it.
#
# It kills without asking: the data are either temporary or safe against that.
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
cd /
# A program that ends in its own way may still write into the folder for a moment.
tries=0
until rm -rf "$0" 2>/dev/null; do
  tries=$((tries + 1))
  [ "$tries" -lt 100 ] || exit 1
  sleep 0.1
done
