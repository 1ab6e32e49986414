/** Which signals reach a command of `--warm` in a terminal, in each state of a candidate that rejoins, and with what leader-run ends. */
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/election/report.ts';
import { put } from '../election/lease-store.ts';
import { Rig, settled } from './rig.ts';

const leadsElsewhere = { holderIdentity: 'other', leaseDurationSeconds: 15, renewTime: 'once' };

/** Each brings a candidate into its state; the command does not run where nothing has said "ready". */
const states = {
  preparing: (rig) => rig.pass(0),
  waiting: async (rig) => {
    rig.store = put(rig.store, { metadata: { name: 'lock' }, spec: leadsElsewhere });
    rig.pass(0);
    rig.report({ id: 'ready' });
    await rig.answer();
  },
  acquiring: async (rig) => {
    rig.pass(0);
    rig.report({ id: 'ready' });
    await rig.answer();
    expect(rig.lastRequest.request.id).toBe('create');
  },
  promoted: async (rig) => {
    await rig.lead();
    rig.report({ id: 'started', pid: 7 });
  },
  losing: async (rig) => {
    await states.promoted(rig);
    rig.pass(10_000);
    expect(rig.states.at(-1)).toContain('losing');
  },
  'stepping down': async (rig) => {
    await states.promoted(rig);
    rig.pass(2_000);
    expect(rig.states.at(-1)).toContain('stepping-down');
  },
  'releasing, its command is gone': async (rig) => {
    await states.losing(rig);
    commandEnds(rig, 'SIGQUIT');
    expect(rig.states.at(-1)).toContain('releasing');
  },
  'releasing, never promoted': async (rig) => {
    rig.pass(0);
    await rig.answer();
    await rig.answer();
    rig.stall(12_000);
    rig.report({ id: 'ready' });
    expect(rig.states.at(-1)).toContain('releasing');
  },
  'between two terms': async (rig) => {
    await states['releasing, its command is gone'](rig);
    await rig.answer();
    expect(rig.reports.at(-1)).toMatchObject({ id: 'rejoining' });
  },
  'between two terms, waiting again': async (rig) => {
    await states['between two terms'](rig);
    rig.pass(0);
    rig.report({ id: 'ready' });
  },
} satisfies Record<string, (rig: Rig) => Promise<void> | void>;

type StateName = keyof typeof states;

/** A term of `stepping down` is over after two seconds, all others have no end. */
async function candidateThatIs(name: StateName): Promise<Rig> {
  const maxTermMs = name === 'stepping down' ? 2_000 : Infinity;
  const rig = new Rig({
    ...{ isWarm: true, rejoins: true, maxTermMs },
    signals: { hasTerminal: true },
  });
  await states[name](rig);
  rig.asked.length = 0;
  return rig;
}

function commandEnds(rig: Rig, signal: NodeJS.Signals): void {
  rig.report({ id: 'ended', ending: { id: 'signalled', signal } });
  rig.report({ id: 'gone' });
}

/** The command is ended by the signal, and the API server answers. */
async function outcomeOf(
  rig: Rig,
  name: StateName,
  signal: NodeJS.Signals,
): Promise<Outcome | 'goes on'> {
  let outcome: Outcome | 'goes on' = 'goes on';
  void rig.ended.then((ended) => (outcome = ended));
  if (['promoted', 'losing', 'stepping down'].includes(name)) commandEnds(rig, signal);
  else if (/waiting|acquiring|never/.test(name))
    rig.report({ id: 'ended', ending: { id: 'signalled', signal } });
  for (let requests = 0; requests < 4; requests += 1) await rig.answer();
  // Of one that was never promoted the supervisor says this when it is asked.
  if (rig.asked.includes('cancel')) rig.report({ id: 'gone' });
  await settled();
  return outcome;
}

const interrupted = (signal: NodeJS.Signals) => ({ id: 'interrupted', signal });
const ofCommand = (signal: NodeJS.Signals) => ({
  id: 'command',
  ending: { id: 'signalled', signal },
});

describe('Ctrl-C, of which the terminal tells the command if it runs', () => {
  it.each([
    ['preparing', ['cancel'], interrupted('SIGINT')],
    ['waiting', [], ofCommand('SIGINT')],
    ['acquiring', [], ofCommand('SIGINT')],
    ['promoted', [], ofCommand('SIGINT')],
    ['losing', [], { id: 'lost' }],
    ['stepping down', [], ofCommand('SIGINT')],
    ['releasing, its command is gone', [], interrupted('SIGINT')],
    ['releasing, never promoted', [], ofCommand('SIGINT')],
    ['between two terms', [], interrupted('SIGINT')],
    ['between two terms, waiting again', [], ofCommand('SIGINT')],
  ] as const)('%s', async (name, asked, outcome) => {
    const rig = await candidateThatIs(name);
    rig.signal('SIGINT');
    await settled();
    expect(rig.asked).toEqual(asked);
    expect(await outcomeOf(rig, name, 'SIGINT')).toEqual(outcome);
  });
});

describe('TERM, which asks the command at once for its stop (cancel: by its supervisor)', () => {
  it.each([
    ['preparing', ['cancel'], interrupted('SIGTERM')],
    ['waiting', ['cancel'], interrupted('SIGTERM')],
    ['acquiring', ['cancel'], interrupted('SIGTERM')],
    ['promoted', ['signal SIGQUIT'], ofCommand('SIGTERM')],
    ['losing', ['signal SIGQUIT'], { id: 'lost' }],
    ['stepping down', ['signal SIGQUIT'], ofCommand('SIGTERM')],
    ['releasing, its command is gone', [], interrupted('SIGTERM')],
    ['releasing, never promoted', ['cancel'], interrupted('SIGTERM')],
    ['between two terms', [], interrupted('SIGTERM')],
    ['between two terms, waiting again', ['cancel'], interrupted('SIGTERM')],
  ] as const)('%s', async (name, asked, outcome) => {
    const rig = await candidateThatIs(name);
    rig.signal('SIGTERM');
    await settled();
    expect(rig.asked).toEqual(asked);
    expect(await outcomeOf(rig, name, 'SIGTERM')).toEqual(outcome);
  });

  it.each(['waiting', 'acquiring', 'releasing, never promoted'] as const)(
    '%s: once more if it comes once more',
    async (name) => {
      const rig = await candidateThatIs(name);
      for (const signal of ['SIGTERM', 'SIGTERM'] as const) rig.signal(signal);
      expect(rig.asked).toEqual(['cancel', 'signal SIGQUIT']);
    },
  );
});

describe('Ctrl-Z', () => {
  it.each([
    ['preparing', 1],
    ['waiting', 0],
    ['promoted', 0],
    ['releasing, its command is gone', 1],
    ['between two terms', 1],
  ] as const)('%s: leader-run stops itself unless a command does', async (name, suspends) => {
    const rig = await candidateThatIs(name);
    rig.signal('SIGTSTP');
    expect(rig.suspends).toBe(suspends);
  });
});
