/**
 * The guard's program, in the sh that dash, bash, busybox, mksh, zsh and ksh93 have in common.
 *
 * Descriptor 3 leads to leader-run. Lines that come are assignments: `. root=PID since=START group=PID marker=NAME .`,
 * `. told="PID START PID START …" group=PID .` (members that it could not find itself; "-": no group), `. deadline=CENTISECONDS .`. It says `ok` when
 * the whole of it works, before which nothing comes, and to each line; `killed` when it has killed the tree, on end of file or past the deadline;
 * `cannot: WHY` instead of anything else when the shell lacks something. It is disarmed by SIGKILL, which unlike a word takes
 * effect before the next of its steps.
 *
 * To kill it needs no other process and no other program: the shell itself reads all of /proc. So nothing fails for a limit
 * of processes, for a small stack, or in an image without grep.
 */

/**
 * Which processes are members, and how they die: `kill_members`. It is given `$proc`, `$root` with its start time `$since`, `$group`,
 * `$told`, `$marker`, whether the kernel has `$lists` of children, and the `$adopter` of the tree's orphans, of which those
 * of a helper show `$helper`. All that it asks of its surroundings is `kill`, so that it can
 * be run on a process table that someone made up. `$known` are those that were found, the last one first.
 */
export const membershipScript = `
mark=') '

# $parent and $start of a process. dash needs a system call for each byte, so no row is read without need.
read_row() {
  row=
  while read -r line; do row="$row $line"; done <"$proc/$1/stat"
  [ -n "$row" ] || return
  set -- \${row##*"$mark"}
  parent=$2 start=\${20}
}

# Neither stopped nor dead. It is the third line of a file, and sh reads no further. In the kernel's sleep (D) it cannot fork any
# more: it will be stopped before it does anything else.
is_running() {
  while read -r key state line; do
    case $key$state in State:[TtZXD]) return 1 ;; State:*) return ;; esac
  done <"$proc/$1/status"
  return 1
}

# Stopped at once, so that it cannot fork any more.
add() {
  eval 'seen=\${p'$1'-} p'$1'=member'
  [ "$seen" != member ] || return
  known=" $1$known"
  fresh="$fresh $1"
  kill -STOP "$1" || unstoppable="$unstoppable $1 "
}

# A pid can belong to another process by now. While there is none of the root's number, a group of that number is the tree's, as
# leader-run tells when it has become empty.
add_first() {
  known=' ' unstoppable=
  ! read_row "$root" || [ "$start" = "$since" ] || group=-
  [ "$group" = - ] || kill -STOP "-$group"
  set -- "$root" "$since" $told
  while [ $# -gt 1 ]; do
    ! read_row "$1" || [ "$start" != "$2" ] || add "$1"
    shift 2
  done
}

# All children of all members, until no new one appears among those of stopped ones: a fork that had begun still adds a child.
# Only then can one be killed, as its children get another parent. One that may not be stopped can go on forking: it is not waited
# for, as the others are to die in time.
add_descendants() {
  scans=0
  while before=$known running= && [ "$scans" -lt 500 ]; do
    scans=$((scans + 1)) fresh=$known
    for each in $known; do
      case $unstoppable in *" $each "*) continue ;; esac
      ! is_running "$each" || running=yes
    done
    while [ -n "$fresh" ]; do
      batch=$fresh fresh=
      for each in $batch; do
        for list in "$proc/$each"/task/*/children; do
          children=
          read -r children <"$list"
          for child in $children; do add "$child"; done
        done
      done
    done
    [ -n "$lists" ] || scan_everywhere
    [ "$before" != "$known" ] || [ -n "$running" ] || return
  done
}

# Is the marker in its environment? A main thread that has ended has none, while others may run on. One that has none at all,
# as in the middle of an exec, is examined again at the next scan. An orphan that came to leader-run while that was stopped is a
# member as long as it does not show that a helper left it.
examine() {
  for file in "$proc/$1/environ" "$proc/$1"/task/*/environ; do
    found=
    while IFS= read -r line || [ -n "$line" ]; do
      found=\${found:-other}
      case $line in
      *"$marker"*) add "$1"; return ;;
      *"$helper"*) found=helper ;;
      esac
    done <"$file"
    [ -z "$found" ] || break
  done
  [ "$parent" != "$adopter" ] || [ "$found" = helper ] || add "$1"
}

# All that were not examined before: by their parent, and if they are not older than the tree by their environment. Orphans of the
# tree have come to the guard's own parent, whose children come first: reading all environments takes seconds on a full machine.
scan_everywhere() {
  siblings=
  [ -z "$lists" ] || ! read_row $$ || siblings=$parent
  for list in \${siblings:+"$proc/$siblings"/task/*/children}; do
    children=
    read -r children <"$list"
    for each in $children; do consider "$each"; done
  done
  [ -z "$siblings" ] || [ "$known" = ' ' ] || return
  for each in "$proc"/[0-9]*; do consider "\${each##*/}"; done
}

consider() {
  eval 'seen=\${p'$1'-}'
  if [ -z "$seen" ] && read_row "$1"; then
    found=other
    case $known in
    *" $parent "*) add "$1" ;;
    *) [ $((start - since)) -lt 0 ] || examine "$1" ;;
    esac
    [ -z "$lists" ] || eval ': \${p'$1':=$found}'
  fi
}

# The root and the group last: the kernel continues whoever is stopped in a session that loses its leader.
kill_known() {
  for each in $known; do kill -KILL "$each"; done
  [ "$group" = - ] || kill -KILL "-$group"
  known=' ' group=-
}

# Fails if it killed something, or could not read /proc.
kill_marked() {
  scan_everywhere
  add_descendants
  [ "$known" = ' ' ] && read_row $$ && return
  kill_known
  return 1
}

kill_members() {
  add_first
  add_descendants
  kill_known
  # Environments come last, as reading one can hang.
  until kill_marked; do :; done
}
`;

export const guardScript = `
: "\${proc:=/proc}"
trap '' $ignored
told= deadline= limit= lists= apart= timer= woke= known= adopter=
[ ! -e "$proc/$$/task/$$/children" ] || lists=yes
${membershipScript}

# Leaves the processor to others for a moment, as the guard comes before all of them. In dash alone, which outlives it where no
# process can be had.
pause() {
  [ -z "$apart" ] || ! command eval 'sleep 0.05 3>&- &' || wait
}

kill_tree() {
  # Not armed yet: there is nothing to kill. An empty marker would be found in every process of the machine.
  [ -n "$marker" ] || kill -KILL 0
  # Whatever ends the shell, nothing stays stopped.
  trap kill_known 0
  if [ "$since" = - ]; then
    # The numbers in the /proc of another pid namespace are others' here: the group is all, or in a terminal the root.
    [ "$group" != - ] || known=$root
    kill_known
    echo killed >&3
    kill -KILL 0
  fi
  # Only as long as leader-run lives: its number can become another's.
  [ -z "$helper" ] || ! read_row $$ || [ "$parent" != "$PPID" ] || adopter=$PPID
  kill_members
  echo killed >&3
  # What was in the middle of an exec shows its environment soon, and what was forked during a scan can have been passed by.
  read_clock
  end=$((now + 40))
  while [ $((end - now)) -gt 0 ]; do
    pause
    until kill_marked; do :; done
    read_clock
  done
  kill -KILL 0
}

# $now: the boot clock in 1/100 s. The "1" as sh takes 08 for a bad octal number. Only differences are compared, as mksh has
# 32 bits.
read_clock() {
  read -r now rest <"$proc/uptime" || exit
  rest=1\${now#*.}
  now=$((\${now%.*} * 100 + rest - 100))
}

# $seconds until the deadline: at least 1/100, so that what waits on descriptor 3 is read first.
count_down() {
  read_clock
  left=$((deadline - now))
  [ "$left" -gt 0 ] || left=1
  [ "$left" -lt 360000 ] || left=360000
  seconds=$((left % 100 + 100))
  seconds=$((left / 100)).\${seconds#1}
  due=$((now + left - 1))
}

# For dash, whose read has no time-out: the end of a sleep ends it by SIGCHLD. Where no process can be had for a sleep, only
# the clock and leader-run are watched; it replaces a guard that does not answer.
start_sleep() {
  until command eval 'sleep "$seconds" 3>&- &'; do
    read_clock
    [ $((deadline - now)) -gt 0 ] && kill -0 "$PPID" || kill_tree
  done
  timer=$!
}

# Somebody else's SIGCHLD can have come before its end. The number is still its own, as it was not waited for yet.
end_sleep() {
  [ -z "$timer" ] || kill -KILL "$timer"
  wait
  timer= woke=
}

# A line can come in parts, when time ran out in the middle. One that lost a part is not answered.
take() {
  line=$part$line part=
  case $line in ". "*" .") line=\${line#. } ;; *) return ;; esac
  eval "\${line% .}"
  echo ok >&3
}

# Returns when it is time to kill: the pipe has ended, or time ran out with nothing more to be read. Which one, the clock tells,
# as the exit status is the same in busybox.
listen() {
  part=
  while :; do
    [ -z "$woke" ] || end_sleep
    if [ -n "$deadline" ]; then
      count_down
      if [ -z "$apart" ]; then limit="-t $seconds"; elif [ -z "$timer" ]; then start_sleep; fi
    fi
    line=
    if IFS= read -r $limit line <&3; then
      take
      continue
    fi
    part=$part$line
    [ -n "$apart$limit" ] || return
    read_clock
    [ -n "$apart" ] || [ $((now - due)) -lt 0 ] || woke=yes
    [ -n "$woke" ] || return
    [ -z "$deadline" ] || [ $((deadline - now)) -gt 0 ] || return
  done
}

refuse() {
  echo "cannot: $1" >&3
  kill -KILL 0
}

if IFS= read -r line <"$proc/$$/cmdline" || [ -n "$line" ]; then
  case $line in *script*) ;; *) refuse 'reads nothing behind a NUL byte' ;; esac
fi
PATH=/ kill -0 $$ || refuse 'has no builtin "kill"'
# A read that knows no time-out, or none with a fraction, says so. Where there is no clock, no deadlines come.
if [ -r "$proc/uptime" ] && [ -n "$(read -r -t 0.01 line 2>&1 </dev/null)" ]; then
  apart=yes
  trap woke=yes CHLD
  # Nothing comes before the first answer: only that can end this read.
  sleep 0.01 3>&- &
  read -r line <&3
  wait $! || refuse 'has no "read -t", and "sleep 0.01" does not work'
  woke=
fi
echo ok >&3
listen
kill_tree
`;
