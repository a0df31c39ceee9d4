#!/usr/bin/env bash
# Usage: shortage.sh TROUPE
# A disk that is full, and too few descriptors, under the journals of `troupe run` and `troupe each`: that is said, nothing
# hangs, and with what was lacking the run goes on to a whole output, each item having ended once.
. "$(dirname "$0")/support.sh"
modules=$folder # so that nothing is taken for it

cat > jobs.toml <<'EOF'
[job.a]
command = ["sh", "-c", "echo result $1", "-"]
input = "items"
output = "results"
EOF
begin() { # VERB JOURNAL OPTIONS...
  local verb=$1 journal=$2
  shift 2
  if [ "$verb" = run ]; then
    "$troupe" run jobs.toml --journal "$journal" "$@"
  else
    "$troupe" each -j 1 -k -q -a items --journal "$journal" --spool "$folder" "$@" -- sh -c 'echo result $1' - > results
  fi
}
endings() { # JOURNAL: how often each item has ended
  "$troupe" log "$1" --json | grep '"final":true' | grep -c '"outcome":"ok"'
}

# -- a disk that is full ------------------------------------------------------------------------------------

# In a mount namespace of its own, where those are allowed.
if unshare --user --map-root-user --mount true 2> /dev/null; then
  seq 1000 > items
  mkdir disk
  for verb in run each; do
    export -f begin
    export troupe folder verb
    unshare --user --map-root-user --mount bash -c '
      mount -t tmpfs -o size=512k tmpfs disk
      begin "$verb" disk/noted > out 2> errors
      echo $? > code
      cp disk/noted* . && [ -e noted ]
      ' || { echo "FAILED: $verb left no journal"; failures=$((failures + 1)); }
    expect "$verb: a full disk has an exit code" 0 5 cat code
    expect "$verb: and is said, once" 0 "1" grep -c . <(grep -v ' done, in ' errors)
    expect "$verb: with the next step" 0 \
      'journal "disk/noted": the disk is full: make room, and go on with --resume' \
      sed -n 's/.*\(journal "disk.*\)/\1/p' errors
    cp results before 2> /dev/null
    begin "$verb" noted --resume > /dev/null 2> errors
    expect "$verb: it goes on elsewhere" 0 0 echo $?
    expect "$verb: each item has ended once" 0 1000 endings noted
    if [ "$verb" = each ]; then sort -u before results > all; else cp results all; fi
    expect "$verb: nothing is missing" 0 "$(sed 's/^/result /' items | sort)" sort all
    rm -rf noted* results before
  done
else
  echo "a full disk is not tried: no mount namespaces here"
fi

# -- too few descriptors ------------------------------------------------------------------------------------

seq 8 > items
for verb in run each; do
  worked=0 refused=0
  for limit in 8 12 16 20 24 40 200; do
    (ulimit -n "$limit" && "$troupe" --version) > /dev/null 2>&1 || continue
    (ulimit -n "$limit" && begin "$verb" noted) > out 2> errors
    code=$?
    case $code in
      0) worked=$((worked + 1)) ;;
      1 | 2 | 5)
        refused=$((refused + 1))
        [ -s errors ] || { echo "FAILED: $verb, $limit descriptors: nothing is said"; failures=$((failures + 1)); }
        ;;
      *)
        echo "FAILED: $verb, $limit descriptors: exit code $code"
        cat errors
        failures=$((failures + 1))
        ;;
    esac
    cp results before 2> /dev/null || : > before
    option=--retry-failed
    [ "$verb" = run ] || option="--resume --retry-failed"
    [ -e noted ] || option=
    begin "$verb" noted $option > /dev/null 2> errors
    expect "$verb, $limit descriptors: it goes on with more" 0 0 echo $?
    expect "$verb, $limit descriptors: each item has ended once" 0 8 endings noted
    if [ "$verb" = each ]; then sort -u before results > all; else cp results all; fi
    expect "$verb, $limit descriptors: nothing is missing" 0 "$(sed 's/^/result /' items | sort)" sort all
    rm -rf noted* results before
  done
  [ "$worked" -gt 0 ] && [ "$refused" -gt 0 ] ||
    { echo "FAILED: $verb: of all limits $worked were enough, and $refused were not"; failures=$((failures + 1)); }
done

finish
