#!/usr/bin/env bash
# `troupe run --journal`: what has ended is not run again, whatever ended the run.
. "$(dirname "$0")/support.sh"

run() { # FILE ARGUMENTS...
  without_times "$troupe" run "$@"
}
runs() { # how often each item was run, and no more of it
  sort ran | uniq -c | tr -s ' ' | tr '\n' ';'
  rm -f ran
}

# Each item is noted in a file when it runs, and fails where a file of its name is there.
cat > jobs.toml <<'EOF'
[job.each]
command = ["sh", "-c", "echo $1 >> ran; [ ! -e fails-$1 ] && echo result $1", "-"]
input = "items"
output = "results"
EOF
printf 'a\nb\nc\n' > items

touch fails-b
expect "a run with a journal" 1 \
  $'troupe run: each: item 2 (b): exit code 1\ntroupe run: each: 2 done, 1 failed' run jobs.toml --journal j
expect "all have run" 0 ' 1 a; 1 b; 1 c;' runs
expect "a journal is not written over" 2 \
  'troupe run: --journal: "j" is there already: go on with it by --resume, or name another file' run jobs.toml --journal j
sed -i 1i-new items
expect "nothing that has ended runs again, the new one does" 1 \
  'troupe run: each: 3 done (2 in an earlier run), 1 failed (1 in an earlier run; --retry-failed runs what has failed again)' \
  run jobs.toml --journal j --resume
expect "only the new one has run" 0 ' 1 -new;' runs
expect "the file is whole" 0 $'result -new\nresult a\nresult c' cat results
rm fails-b results
expect "what has failed runs again" 0 'troupe run: each: 4 done (3 in an earlier run)' \
  run jobs.toml --journal j --retry-failed
expect "only that has run" 0 ' 1 b;' runs
expect "the file is whole, in order" 0 $'result -new\nresult a\nresult b\nresult c' cat results
expect "nothing is left to do" 0 'troupe run: each: 4 done (4 in an earlier run)' run jobs.toml --journal j --resume
echo a >> items
expect "what is there twice is run twice" 0 'troupe run: each: 5 done (4 in an earlier run)' \
  run jobs.toml --journal j --resume
expect "only that has run" 0 ' 1 a;' runs
sed -i 's/result \$1/other $1/' jobs.toml
expect "another command is another thing to do" 0 'troupe run: each: 5 done' run jobs.toml --journal j --resume
expect "all have run" 0 ' 1 -new; 2 a; 1 b; 1 c;' runs
expect "a resumed run needs a journal" 2 \
  'troupe run: --resume requires --journal; `troupe run --help` says more' run jobs.toml --resume
expect "a journal that cannot be made" 5 \
  'troupe run: cannot open the journal "nowhere/j": No such file or directory' run jobs.toml --journal nowhere/j

# What is shown is shown once, and goes behind what was shown.
printf 'modules = ["%s/tasks.so"]\n' "$modules" > shown.toml
cat >> shown.toml <<'EOF'
[job.shown]
task = "summary"
input = "books.jsonl"
output = { file = "-", format = "csv" }
EOF
echo '{"title": "A", "pages": []}' > books.jsonl
expect "a result is shown" 0 $'title,pages,first\r\nA,0,\r\ntroupe run: shown: 1 done' run shown.toml --journal k
echo '{"title": "B", "pages": []}' >> books.jsonl
expect "and not shown again, nor is the header" 0 $'B,0,\r\ntroupe run: shown: 2 done (1 in an earlier run)' \
  run shown.toml --journal k --resume

# A job that takes another one's results.
cat > chain.toml <<'EOF'
[job.first]
command = ["sh", "-c", "echo $1 >> ran; echo first $1", "-"]
input = "items"
[job.second]
command = ["sh", "-c", "echo $1 >> ran; echo second $1", "-"]
input = { job = "first" }
output = "seconds"
EOF
rm -f ran
printf 'a\nb\nc\n' > items
expect "a chain" 0 $'troupe run: first: 3 done\ntroupe run: second: 3 done' \
  bash -c '"$1" run chain.toml --journal l 2>&1 | sed "s/, in .*//" | sort' - "$troupe"
rm -f ran seconds
printf 'a\nx\nb\nc\n' > items
expect "the new one goes through both" 0 \
  $'troupe run: first: 4 done (3 in an earlier run)\ntroupe run: second: 4 done (3 in an earlier run)' \
  bash -c '"$1" run chain.toml --journal l --resume 2>&1 | sed "s/, in .*//" | sort' - "$troupe"
expect "and nothing else runs" 0 ' 1 first x; 1 x;' runs
expect "the results are whole" 0 $'second first a\nsecond first x\nsecond first b\nsecond first c' cat seconds
finish
