/** When the tree is scanned, and what has exited is reaped. */

/** At first sooner, because a daemon goes to the background when it is started, and less often if a scan takes long. */
const scanEveryMs = 200;
const firstScanMs = 25;
const largestScanShare = 0.05;

/**
 * However often it is called within a turn of the event loop, the action follows once, after it. A command can leave orphans faster than
 * one scan for each exit would take, and nothing else would have its turn then.
 */
export function oncePerTurn(action: () => void): () => void {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    setImmediate(() => {
      isDue = false;
      action();
    });
  };
}

/** For members that the guard has to know: scans after 25, 50, 100 and then every 200 ms, until the scan says that it was the last. Keeps no process alive. */
export function scanNowAndThen(scan: () => 'again' | 'over'): void {
  scanAfter(firstScanMs);

  function scanAfter(delayMs: number): void {
    const timed = (): void => {
      const beforeMs = performance.now();
      if (scan() === 'over') return;
      const tookMs = performance.now() - beforeMs;
      scanAfter(Math.max(Math.min(2 * delayMs, scanEveryMs), tookMs / largestScanShare));
    };
    setTimeout(timed, delayMs).unref();
  }
}
