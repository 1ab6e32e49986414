/*
 * A command for leader-run whose processes note their own lives, each in a file of its own that it only appends to:
 *
 *   FOLDER/TOKEN.PID.START    start NS IDENTITY LOCK KEY main|other
 *                             alive NS        every second
 *                             term NS         a SIGTERM came
 *                             end NS STATUS   it ends by itself
 *
 * NS is CLOCK_BOOTTIME in nanoseconds. A process that is killed writes no end: observer.c sees that.
 *
 *   command FOLDER TRAITS LIFE_MS STATUS
 *
 * It ends with STATUS after LIFE_MS, 0 for never. TRAITS are letters: d leaves a daemon behind, f has a tree of processes, c forks
 * again and again, t ignores SIGTERM, s takes 400 ms to stop, w starts warm and begins when descriptor $LEADER_RUN_FD says so, - none.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *folder, *traits, *identity, *lock, *key;
static char token[32];
static int stamps = -1;
static volatile sig_atomic_t told;

static long long now(void) {
  struct timespec at;
  clock_gettime(CLOCK_BOOTTIME, &at);
  return at.tv_sec * 1000000000LL + at.tv_nsec;
}

static int has(char trait) { return strchr(traits, trait) != NULL; }

/* snprintf is not on the list of what a signal handler may call, but with these formats it takes no lock and no memory. */
static void stamp(const char *word, long long at) {
  char line[64];
  int size = snprintf(line, sizeof line, "%s %lld\n", word, at);
  if (stamps >= 0 && write(stamps, line, size) != size) _exit(98);
}

static void on_term(int signal) {
  (void)signal;
  int saved = errno;
  stamp("term", now());
  told = 1;
  errno = saved;
}

static void begin(const char *role, long long at) {
  char path[4096], line[1024];
  if (stamps >= 0) close(stamps);
  snprintf(path, sizeof path, "%s/%s.%d.%lld", folder, token, (int)getpid(), at);
  stamps = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  int size = snprintf(line, sizeof line, "start %lld %s %s %s %s\n", at, identity, lock, key, role);
  if (stamps < 0 || write(stamps, line, size) != size) _exit(98);
}

static void finish(int status) {
  char word[64];
  int size = snprintf(word, sizeof word, "end %lld %d\n", now(), status);
  if (write(stamps, word, size) != size) _exit(98);
  _exit(status);
}

/* Lives until it is told to end, or for life_ms; forks by itself if `churns`. */
static void live(long long life_ms, int status, int churns) {
  long long from = now(), next_alive = from + 1000000000LL, next_fork = from + 500000000LL;
  for (;;) {
    long long at = now();
    while (waitpid(-1, NULL, WNOHANG) > 0) {}
    if (told && !has('t')) {
      if (has('s')) nanosleep(&(struct timespec){0, 400000000}, NULL);
      finish(143);
    }
    if (life_ms > 0 && at >= from + life_ms * 1000000) finish(status);
    if (at >= next_alive) {
      stamp("alive", at);
      next_alive += 1000000000LL;
      continue;
    }
    if (churns && at >= next_fork) {
      next_fork += 500000000LL;
      if (fork() == 0) {
        from = now(), next_alive = from + 1000000000LL;
        life_ms = 800, status = 0, churns = 0;
        begin("other", from);
      }
      continue;
    }
    long long until = next_alive;
    if (churns && next_fork < until) until = next_fork;
    if (life_ms > 0 && from + life_ms * 1000000 < until) until = from + life_ms * 1000000;
    long long left = until - at;
    if (left > 0) nanosleep(&(struct timespec){left / 1000000000LL, left % 1000000000LL}, NULL);
  }
}

/* `depth` more generations below the one that is started. */
static void start_tree(int depth, int leaves_session) {
  if (fork() != 0) return;
  if (leaves_session) setsid();
  begin("other", now());
  for (int child = 0; depth > 0 && child < 2; child++) start_tree(depth - 1, child);
  live(0, 0, 0);
}

static void start_daemon(void) {
  if (fork() != 0) return;
  setsid();
  if (fork() != 0) _exit(0);
  start_tree(1, 0);
  begin("other", now());
  live(0, 0, 0);
}

static const char *variable(const char *name, const char *otherwise) {
  const char *value = getenv(name);
  return value == NULL || *value == 0 ? otherwise : value;
}

/* The line that says that it leads; without one it ends. */
static void await_promotion(void) {
  char line[1024];
  FILE *from = fdopen(atoi(variable("LEADER_RUN_FD", "-1")), "r");
  if (from == NULL || fgets(line, sizeof line, from) == NULL) _exit(0);
  if (sscanf(line, "LEADER_RUN_FENCING_TOKEN=%31[0-9]", token) != 1) _exit(97);
}

int main(int count, char **words) {
  if (count != 5) return 96;
  folder = words[1];
  traits = words[2];
  identity = variable("LEADER_RUN_IDENTITY", "-");
  lock = variable("LEADER_RUN_LOCK", "-");
  key = variable("LEADER_RUN_ONCE_KEY", "-");
  snprintf(token, sizeof token, "%s", variable("LEADER_RUN_FENCING_TOKEN", "0"));
  if (has('w')) await_promotion();
  begin("main", now());
  struct sigaction action = {.sa_handler = on_term};
  sigaction(SIGTERM, &action, NULL);
  if (has('d')) start_daemon();
  if (has('f')) start_tree(2, 0);
  live(atoll(words[3]), atoi(words[4]), has('c'));
}
