/**
 * The guard's program, in the sh that dash, bash, busybox and mksh have in common.
 *
 * Descriptor 3 leads to leader-run. Lines that come: `tree PID START GROUP COOKIE .`, `by CENTISECONDS .`; each is answered
 * by `ok`. On end of file, or when the last `by` has passed, it kills the tree and says `killed`. It is disarmed by SIGKILL,
 * which unlike a word takes effect before the next of its steps.
 */
export const guardScript = `
trap '' $signals
newline='
'
mark=') '
cookie=
deadline=
apart=
sleeper=

# $now: the boot clock in 1/100 s. The "1" as sh takes 08 for a bad octal number.
look_at_clock() {
  read -r now rest </proc/uptime
  rest=1\${now#*.}
  now=$((\${now%.*} * 100 + rest - 100))
}

# $seconds: so long until the deadline, at least 1/100 s, so that what waits on descriptor 3 is read first.
count_down() {
  left=$((deadline - now))
  [ "$left" -gt 0 ] || left=1
  [ "$left" -lt 360000 ] || left=360000
  rest=$((left % 100 + 100))
  seconds=$((left / 100)).\${rest#1}
}

# The number of a process that is gone can belong to a stranger. While there is no process of that number, the group
# of that number, if there is one, is still the tree's.
is_still_ours() {
  stat=
  while read -r line; do stat="$stat $line"; done <"/proc/$pid/stat"
  [ -n "$stat" ] || return 0
  set -- \${stat##*"$mark"}
  shift 19
  [ "$1" = "$start" ]
}

# The process of a row is a member of the tree: stopped at once, so that it cannot fork away.
meet() {
  each=\${1#/proc/}
  each=\${each%%/*}
  case "$known 1 $$ " in *" $each "*) return ;; esac
  known=" $each$known"
  kill -STOP "$each"
}

# Meets all of the group, of the session, and all children of those met. grep reads the files in blocks, where sh would need
# a system call for each byte, and cuts out what matters, as sh is slow on long rows: "PARENT GROUP SESSION", and whether
# it is a zombie with more threads than the one that has ended. Other zombies, of which there can be many, are dead.
# $halted: those who were stopped before the table was read, as the group is from the beginning: all their children are met.
look_at_table() {
  table=$(set +f; exec grep -aoHE "\\) [^ZXx] [0-9]+ [0-9]+ [0-9]+ |\\) Z ([-0-9]+ ){16}([2-9]|[1-9][0-9]+) " /proc/[0-9]*/stat)
  for row in $table; do
    kin=\${row#*) ? }
    case \${kin#* } in "$group "*) meet "$row" ;; esac
  done
  halted=$known
  while met=$known; do
    for row in $table; do
      kin=\${row#*) ? }
      parent=\${kin%% *}
      kin=\${kin#* }
      case \${kin#* } in "$group "*) meet "$row" ;; esac
      case $known in *" $parent "*) meet "$row" ;; esac
    done
    [ "$met" != "$known" ] || return
  done
}

# Until the children of all are met. Only then can one be killed: the kernel continues who was stopped in a session when that
# loses its leader. Not for ever, as one who may not be stopped can go on forking.
meet_kin() {
  for look in 1 2 3 4 5; do
    look_at_table
    [ "$halted" != "$known" ] || return
  done
}

# Meets all that carry the cookie. The main thread of a process can have ended while others run on: then they show it.
# -E and not -F, with which some builds of busybox search no further than the first variable.
look_at_environments() {
  threads=
  for row in $table; do
    case $row in *") Z "*) threads="$threads$newline\${row%/stat:*}/task/[0-9]*/environ" ;; esac
  done
  for row in $(set +f; exec grep -alE "$cookie" /proc/[0-9]*/environ$threads); do meet "$row"; done
}

# Looks and kills until nobody new appears.
kill_everywhere() {
  while before=$known; do
    look_at_environments
    meet_kin
    kill_those_met
    [ "$before" != "$known" ] || return
  done
}

# Those met last come first, and the command last: whoever leads a session mostly has the smaller number. Each once, as later the
# number may be a stranger's.
kill_those_met() {
  IFS=' '
  for each in \${known%"$killed"}; do kill -KILL "$each"; done
  IFS=$newline
  killed=$known
}

kill_group() {
  [ "$group" = - ] || kill -KILL "-$group"
}

# Without a process table of ours ("-" for START) the group is all there is, or in a terminal the command alone.
kill_unseen() {
  if [ "$group" = - ]; then kill -KILL "$pid"; else kill -KILL "-$group"; fi
  echo killed >&3
  kill -KILL 0
}

# Those whom the table shows go before environments are looked at, as that can hang.
kill_tree() {
  # Not armed yet: there is nobody to kill. An empty cookie would be found in every process of the machine.
  [ -n "$cookie" ] || kill -KILL 0
  # The numbers in the /proc of another pid namespace are those of strangers here.
  [ "$start" != - ] || kill_unseen
  set -f
  known=' ' killed=' '
  if is_still_ours; then
    known=" $pid "
    kill -STOP "$pid"
    [ "$group" = - ] || kill -STOP "-$group"
  else
    group=-
  fi
  IFS=$newline
  # Where no process can be had for grep, sh ends here: the group at least goes with it.
  trap 'kill_those_met; kill_group' 0
  meet_kin
  kill_those_met
  kill_group
  kill_everywhere
  echo killed >&3
  # Who had left group and session and was in the middle of an exec had no environment to be found by.
  group=-
  for pause in 0.02 0.08 0.3; do
    sleep "$pause"
    known=' ' killed=' '
    kill_everywhere
  done
  kill -KILL 0
}

# A line that lost a part, as a read can that runs out of time in the middle, is not answered.
take() {
  case $word$b$e in
  by.)
    deadline=$a
    [ -z "$apart" ] || tell_sleeper
    ;;
  tree*.)
    pid=$a start=$b group=$c cookie=$d
    # Where there is no clock no deadlines come; and the pipe to a sleeper is opened by way of /proc.
    [ -z "$apart" ] || [ ! -r /proc/uptime ] || [ ! -e /proc/self/fd/3 ] || start_sleeper
    ;;
  *) return ;;
  esac
  echo ok >&3
}

# One process: for shells whose read has a time-out. Returns at end of file. Whether time ran out or the pipe ended is told
# by the clock, as the exit status is the same in busybox.
wait_by_read() {
  while [ -z "$deadline" ]; do
    read -r word a b c d e <&3 || return
    take
  done
  while :; do
    look_at_clock
    count_down
    if read -r -t "$seconds" word a b c d e <&3; then
      take
    else
      woke=$((now + left - 1))
      look_at_clock
      [ "$now" -ge "$woke" ] || return
      [ "$now" -lt "$deadline" ] || kill_tree
    fi
  done
}

# Three processes: dash has no time-out for read. This one reads, and passes deadlines on through a pipe to one that sleeps.
wait_apart() {
  apart=yes
  while read -r word a b c d e <&3; do take; done
  kill_tree
}

# As soon as it is known whom to kill: at the first deadline the command starts, and nothing should be in its way.
start_sleeper() {
  [ -z "$sleeper" ] || kill -KILL "$sleeper"
  # A pipe without mkfifo: a here-document is one, and its other end can be opened again.
  exec 4<<end
end
  exec 5>/proc/self/fd/4
  sleep_apart &
  sleeper=$!
}

tell_sleeper() {
  [ -n "$sleeper" ] || return
  # Where /proc is that of another pid namespace ("-" for START) nobody can tell whether it lives.
  if [ "$start" != - ]; then
    read -r rest rest state rest <"/proc/$sleeper/stat"
    [ "$state" != Z ] || start_sleeper
  fi
  echo "$deadline" >&5
}

# Wakes at the deadline that it knows, reads the later ones up to a mark of its own, and sleeps again or kills. Until it
# knows one it ends with the reader.
sleep_apart() {
  exec 5>&-
  [ -n "$deadline" ] || read -r deadline <&4 || exit
  exec 5>/proc/self/fd/4
  while :; do
    look_at_clock
    count_down
    sleep "$seconds" 3>&- 4<&- 5>&-
    echo last >&5
    while read -r line <&4 && [ "$line" != last ]; do deadline=$line; done
    look_at_clock
    [ "$now" -lt "$deadline" ] || kill_tree
  done
}

# A read that knows no time-out, or none with a fraction, says so.
[ -n "$(read -r -t 0.01 line 2>&1 </dev/null)" ] || wait_by_read
wait_apart
`;
