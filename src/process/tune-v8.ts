import { setFlagsFromString } from 'node:v8';

/** Saves memory. Not at once: with other flags Node cannot use the compiled code that its own modules come with, which costs 10 ms. */
export function tuneV8Later(): void {
  setTimeout(() => {
    // Nothing here runs often enough to be worth optimised code, which would cost some MB.
    setFlagsFromString('--no-opt');
    // What has not run for long may be the way to the next leader: it is not to be compiled again then.
    setFlagsFromString('--no-flush-bytecode');
  }, 0);
}
