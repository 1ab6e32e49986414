/**
 * Signals that must not do to leader-run what they do by themselves, from its first statement to its last. To those that
 * are the command's too, `signals.ts` listens besides.
 */

/** With this node cannot open its inspector anywhere: `bin/leader-run` says why. */
const withoutInspector = '--inspect-port=[fe80::1]:9229';

const checkEveryMs = 1_000;

/** To be called first of all, and once. */
export function keepOwnSignals(): void {
  // By themselves XFSZ and XCPU end the process, and USR1 opens the inspector.
  for (const signal of ['SIGUSR1', 'SIGXFSZ', 'SIGXCPU'] as const) process.on(signal, doNothing);
  if (!process.execArgv.includes(withoutInspector)) keepInspectorClosed();
}

/**
 * For a node that was not started by `bin/leader-run`. A USR1 that came before we listened has another thread ask for the
 * inspector, now or at any time from now, and more than once: so it is checked again and again.
 */
function keepInspectorClosed(): void {
  const inspector = process.getBuiltinModule('node:inspector');
  const check = (): void => {
    while (inspector.url() !== undefined) {
      inspector.close();
      try {
        // It fails, and so will all that are asked for later: Node remembers the address.
        inspector.open(9229, 'fe80::1');
      } catch {
        // The next USR1 had it opened in between.
      }
    }
  };
  check();
  setInterval(check, checkEveryMs).unref();
}

function doNothing(): void {
  // To be caught is all that is wanted.
}
