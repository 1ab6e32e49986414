/** Instants as the commands tell them: Unix time in ms, with the fraction. */

/**
 * Waits for the next millisecond to begin and returns it: Date has nothing finer, and so an instant is known to some
 * microseconds for whatever is done right after.
 */
export function atNextMillisecond(): number {
  const before = Date.now();
  for (;;) {
    const now = Date.now();
    if (now !== before) return now;
  }
}
