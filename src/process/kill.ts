/** Sending signals to processes that may be gone, or not ours to signal: what came of it is seen in /proc, not here. */

export function killProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH: gone. EPERM: it stays in /proc, so it is reported as lingering.
  }
}

export function killGroup(group: number, signal: NodeJS.Signals): void {
  killProcess(-group, signal);
}
