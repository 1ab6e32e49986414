/** Puts off what can wait until the present turn of the event loop is over: a hand-over does not wait for the log. */

export interface DeferredLog {
  add(job: () => void): void;
  /** Does at once all that was put off. */
  flush(): void;
}

/** An empty one. A job that throws is a bug and ends the process as any does. */
export function createDeferredLog(): DeferredLog {
  const jobs: (() => void)[] = [];
  const flush = (): void => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) job();
  };
  return {
    add: (job) => {
      if (jobs.push(job) === 1) setImmediate(flush);
    },
    flush,
  };
}
