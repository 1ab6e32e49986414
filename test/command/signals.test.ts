import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { caughtSignals, meaningOf } from '../../src/process/signals.ts';
import type { SignalContext } from '../../src/process/signals.ts';

const everySignal = Object.keys(constants.signals) as NodeJS.Signals[];
const standby: SignalContext = { hasTerminal: false, commandRuns: false };
const running: SignalContext = { hasTerminal: false, commandRuns: true };
const inTerminal: SignalContext = { hasTerminal: true, commandRuns: true };
const standbyInTerminal: SignalContext = { hasTerminal: true, commandRuns: false };

/** The signals with this meaning, among all that are listened to. */
function whichMean(id: string, context: SignalContext): NodeJS.Signals[] {
  return caughtSignals(context.hasTerminal).filter(
    (signal) => meaningOf(signal, context).id === id,
  );
}

describe('while the command does not run', () => {
  it('TERM, INT and QUIT end leader-run, TSTP stops it, and nothing else does anything', () => {
    expect(whichMean('stop', standby).sort()).toEqual(['SIGINT', 'SIGQUIT', 'SIGTERM']);
    expect(whichMean('suspend', standby)).toEqual(['SIGTSTP']);
    expect(whichMean('forward', standby)).toEqual([]);
  });

  it('a hang-up of the terminal ends it too', () => {
    expect(whichMean('stop', standbyInTerminal).sort()).toEqual([
      'SIGHUP',
      'SIGINT',
      'SIGQUIT',
      'SIGTERM',
    ]);
  });

  it('a signal that was ignored at start does not end it (nohup)', () => {
    const nohup = { ...standbyInTerminal, ignoredSignals: ['SIGHUP'] as const };

    expect(meaningOf('SIGHUP', nohup)).toEqual({ id: 'ignore' });
    expect(meaningOf('SIGTERM', nohup)).toEqual({ id: 'stop', forwardAs: 'SIGTERM' });
  });
});

describe('while the command runs without a terminal', () => {
  it('every signal reaches the command, and TERM and INT begin the stop', () => {
    expect(whichMean('stop', running).sort()).toEqual(['SIGINT', 'SIGTERM']);
    expect(whichMean('forward', running).length).toBe(caughtSignals(false).length - 2);
  });

  it('INT is passed on as INT', () => {
    expect(meaningOf('SIGINT', running)).toEqual({ id: 'stop', forwardAs: 'SIGINT' });
  });

  it('an INT that was ignored at start is left to the command (`leader-run … &` in a script)', () => {
    expect(meaningOf('SIGINT', { ...running, ignoredSignals: ['SIGINT', 'SIGQUIT'] })).toEqual({
      id: 'forward',
    });
  });
});

describe('while the command runs in a terminal', () => {
  it('what the terminal delivers is not delivered again and stops nothing', () => {
    expect(whichMean('ignore', inTerminal).sort()).toEqual(
      ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTSTP', 'SIGWINCH']
        .concat('SIGINFO' in constants.signals ? ['SIGINFO'] : [])
        .sort(),
    );
  });

  it('TERM begins the stop and the others are passed on', () => {
    expect(whichMean('stop', inTerminal)).toEqual(['SIGTERM']);
    expect(whichMean('forward', inTerminal)).toEqual(
      expect.arrayContaining(['SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGCONT']),
    );
  });

  it('a hang-up is passed on if the terminal told leader-run alone, as after ssh -t', () => {
    expect(meaningOf('SIGHUP', { ...inTerminal, receivesHangUpAlone: true })).toEqual({
      id: 'forward',
    });
  });

  it('and ends leader-run, too, while that stops the command: it would start it again without a terminal', () => {
    const stopping = { ...inTerminal, receivesHangUpAlone: true, isStopping: true };
    expect(meaningOf('SIGHUP', stopping)).toEqual({ id: 'stop', forwardAs: 'SIGHUP' });
    expect(meaningOf('SIGHUP', { ...stopping, ignoredSignals: ['SIGHUP'] }).id).toBe('forward');
  });

  it('TTOU keeps its default action: a write from the background would be repeated for ever', () => {
    expect(caughtSignals(true)).not.toContain('SIGTTOU');
    expect(caughtSignals(true)).not.toContain('SIGTTIN');
  });
});

describe('what is listened to', () => {
  it('is every signal but those that cannot be caught, tell of a fault, or are our own', () => {
    const numbers = new Set(everySignal.map((signal) => constants.signals[signal]));
    const caught = new Set(caughtSignals(false).map((signal) => constants.signals[signal]));
    const missing = [...numbers].filter((number) => !caught.has(number)).sort((a, b) => a - b);

    expect(missing).toEqual(
      (
        [
          ...['SIGKILL', 'SIGSTOP', 'SIGCHLD', 'SIGPIPE', 'SIGXFSZ', 'SIGXCPU'],
          ...['SIGILL', 'SIGTRAP', 'SIGBUS', 'SIGFPE', 'SIGSEGV', 'SIGSYS'],
        ] as NodeJS.Signals[]
      )
        .map((signal) => constants.signals[signal])
        .sort((a, b) => a - b),
    );
  });

  it('is heard once for each signal, in the order sent, and no longer after close', async () => {
    const heard = await heardByOne(caughtSignals(false));

    expect(heard).toEqual([...caughtSignals(false), 'closed']);
  });

  it('does not end the process by way of signal-exit, which knows some by another name', async () => {
    const before = `
      import { onExit } from 'signal-exit';
      onExit(() => console.log('exit'));`;
    const heard = await heardByOne(caughtSignals(false), before);

    expect(heard).toEqual([...caughtSignals(false), 'closed', 'exit']);
  });
});

/** Sends each signal to a process that listens, one after the other was heard, then has it close. */
async function heardByOne(signals: readonly NodeJS.Signals[], before = ''): Promise<string[]> {
  const source = new URL('../../src/process/signals.ts', import.meta.url).pathname;
  const script = `
    ${before}
    const names = new Set(process.eventNames());
    import { listenToSignals } from ${JSON.stringify(source)};
    const listening = listenToSignals(false, (signal) => console.log(signal));
    process.stdin.once('data', () => {
      listening.close();
      const left = process.eventNames().filter((name) => String(name).startsWith('SIG') && !names.has(name));
      console.log(left.length === 0 ? 'closed' : left.join());
      process.exit();
    });
    console.log('ready');`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const heard: string[] = [];
  let text = '';
  for await (const chunk of child.stdout.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n')) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      if (line !== 'ready') heard.push(line);
      const next = signals[heard.length];
      if (next !== undefined) child.kill(next);
      else if (heard.length === signals.length) child.stdin.write('close\n');
    }
  }
  return heard;
}
