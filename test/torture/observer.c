/*
 * Watches from outside when the processes end that command.c notes in FOLDER, by a pidfd for each (pidfd_open(2)):
 *
 *   dead FILE ALIVE DEAD    it had not ended at ALIVE, and had by DEAD; ALIVE is 0 if it was never seen alive
 *   alive FILE AT           it had not ended when this program was asked to
 *   clock BOOT WALL         every 100 ms: CLOCK_BOOTTIME and CLOCK_REALTIME at one instant, to 50 us
 *   gap FROM TO             this program did not run in between: more than 25 ms, though it asks every 2 ms
 *
 * All in nanoseconds. It ends at the end of its standard input.
 *
 *   observer FOLDER >OUTPUT
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { most = 8192, fixed = 2 };
static struct pollfd fds[most];
static struct process {
  char file[128];
  long long alive;
} processes[most];
static int count = fixed;

static long long read_clock(clockid_t id) {
  struct timespec at;
  clock_gettime(id, &at);
  return at.tv_sec * 1000000000LL + at.tv_nsec;
}

static long long now(void) { return read_clock(CLOCK_BOOTTIME); }

/* Whether the process is not younger than its file says, in which case its number has passed to another one. */
static int is_same(int pid, long long stamped) {
  char path[64], row[1024];
  unsigned long long ticks = 0;
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *stat = fopen(path, "r");
  size_t size = stat == NULL ? 0 : fread(row, 1, sizeof row - 1, stat);
  if (stat != NULL) fclose(stat);
  row[size] = 0;
  char *rest = strrchr(row, ')');
  if (rest == NULL ||
      sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &ticks) != 1)
    return 0;
  return (long long)ticks * (1000000000LL / sysconf(_SC_CLK_TCK)) <= stamped;
}

static void watch(const char *file) {
  int pid;
  long long stamped;
  if (sscanf(file, "%*[^.].%d.%lld", &pid, &stamped) != 2) return;
  int fd = count < most ? syscall(SYS_pidfd_open, pid, 0) : -1;
  if (fd >= 0 && !is_same(pid, stamped)) {
    close(fd);
    fd = -1;
  }
  if (fd < 0) {
    printf("dead %s 0 %lld\n", file, now());
    return;
  }
  fds[count] = (struct pollfd){fd, POLLIN, 0};
  snprintf(processes[count].file, sizeof processes[count].file, "%s", file);
  processes[count++].alive = 0;
}

static void read_news(void) {
  static char buffer[65536] __attribute__((aligned(8)));
  ssize_t size = read(fds[0].fd, buffer, sizeof buffer);
  for (char *at = buffer; at < buffer + size;) {
    struct inotify_event *event = (struct inotify_event *)at;
    if (event->len > 0) watch(event->name);
    at += sizeof *event + event->len;
  }
}

static void note_deaths(long long before, long long after) {
  for (int each = fixed; each < count;) {
    if (fds[each].revents == 0) {
      processes[each++].alive = before;
      continue;
    }
    printf("dead %s %lld %lld\n", processes[each].file, processes[each].alive, after);
    close(fds[each].fd);
    fds[each] = fds[--count];
    processes[each] = processes[count];
  }
}

int main(int words, char **word) {
  if (words != 2) return 96;
  fds[0] = (struct pollfd){inotify_init1(IN_CLOEXEC), POLLIN, 0};
  fds[1] = (struct pollfd){0, POLLIN, 0};
  if (inotify_add_watch(fds[0].fd, word[1], IN_CREATE) < 0) return 97;
  setpriority(PRIO_PROCESS, 0, -15);
  long long next_clock = 0, last = now();
  while (fds[1].revents == 0) {
    long long before = now();
    if (before >= next_clock) {
      long long wall = read_clock(CLOCK_REALTIME);
      if (now() - before < 50000) {
        printf("clock %lld %lld\n", before, wall);
        next_clock = before + 100000000;
      }
    }
    poll(fds, count, 2);
    long long after = now();
    if (after - last > 25000000) printf("gap %lld %lld\n", last, after);
    last = after;
    note_deaths(before, after);
    if (fds[0].revents != 0) read_news();
    fflush(stdout);
  }
  for (int each = fixed; each < count; each++) printf("alive %s %lld\n", processes[each].file, now());
  return 0;
}
