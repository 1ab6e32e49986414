/** When the tree is scanned for members that the guard has to know. */

/** At first sooner, because a daemon goes to the background when it is started, and less often if a scan takes long. */
const scanEveryMs = 200;
const firstScanMs = 25;
const largestScanShare = 0.05;

/** Scans after 25, 50, 100 and then every 200 ms, until the scan says that it was the last. Keeps no process alive. */
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
