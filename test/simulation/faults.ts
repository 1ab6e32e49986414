/** Faults that befall one replica, or the server, at a moment. */
import type { Replica } from './candidate.ts';
import { ClientGo } from './client-go.ts';
import { specOf } from './fields.ts';
import type { Author, Server } from './server.ts';
import type { World } from './world.ts';

interface Fault {
  readonly isBeyondLimits?: true;
  /** The API server does not keep to what it promises. */
  readonly isMisbehaviour?: true;
  /** Drawn by tactics alone: without another fault beside it, it does nothing that latency does not. */
  readonly isTactical?: true;
  readonly begin: (at: Site) => void;
}

/** Where and for how long. */
export interface Site {
  readonly world: World;
  readonly server: Server;
  readonly replica: Replica;
  readonly replicas: readonly Replica[];
  readonly forMs: number;
}

const hand: Author = { name: 'hand', kind: 'hand' };

const faults = {
  partition: { begin: ({ replica, forMs }) => replica.link.disturb('both', forMs) },
  'partition of requests': { begin: ({ replica, forMs }) => replica.link.disturb('up', forMs) },
  'partition of answers': { begin: ({ replica, forMs }) => replica.link.disturb('down', forMs) },
  'answers held up': {
    isTactical: true,
    begin: ({ replica, forMs }) => replica.link.disturb('held', forMs),
  },
  'slow link': { begin: ({ replica, forMs }) => replica.link.disturb('slow', forMs) },
  'outage, silent': { begin: (site) => disturbAll(site, 'both') },
  'outage, refusing': { begin: (site) => disturbAll(site, 'refused') },
  'outage, 503': { begin: (site) => disturbAll(site, 'unavailable') },
  'event loop blocked': { begin: ({ replica, forMs }) => replica.process?.stall(forMs) },
  'held up at its next deed': { begin: ({ replica, forMs }) => replica.process?.holdUpNext(forMs) },
  'SIGSTOP and SIGCONT': {
    begin: ({ world, replica, forMs }) => {
      const { process } = replica;
      process?.stop();
      world.after(forMs, () => process?.continue());
    },
  },
  suspend: {
    begin: ({ world, replica, forMs }) => {
      replica.machine.suspend();
      world.after(forMs, () => {
        replica.machine.wake();
        replica.process?.wake();
      });
    },
  },
  'client-go held up beyond its lease': {
    begin: ({ replicas, forMs }) => {
      const clientGo = replicas.find((replica) => replica instanceof ClientGo);
      clientGo?.process?.stall(clientGo.leaseDurationMs + forMs);
    },
  },
  'client-go adopts the holder': {
    begin: ({ replicas, server }) => {
      const clientGo = replicas.find((replica) => replica instanceof ClientGo);
      const holder = server.current?.holder ?? '';
      if (holder !== '') clientGo?.adopt(holder);
    },
  },
  crash: { begin: ({ replica }) => replica.crash() },
  SIGTERM: { begin: ({ replica }) => replica.signal('SIGTERM') },
  'SIGINT twice': {
    begin: ({ world, replica, forMs }) => {
      replica.signal('SIGINT');
      world.after(forMs / 3, () => replica.signal('SIGINT'));
    },
  },
  'death of the guard': { begin: ({ replica }) => replica.loseGuard() },
  'wall clock set': {
    begin: ({ world, replica, forMs }) =>
      replica.machine.setWallClock(world.random.pick([-1, 1]) * forMs * 10),
  },
  compaction: { begin: ({ server }) => server.compact() },
  'label edited': { begin: ({ server }) => server.editLabel(hand) },
  'webhook that reverts': {
    isMisbehaviour: true,
    begin: ({ server, forMs }) => server.admitBy('reverts', forMs),
  },
  'webhook that cuts times': {
    isMisbehaviour: true,
    begin: ({ server, forMs }) => server.admitBy('cuts times', 3 * forMs),
  },
  'webhook that adds fields': {
    isMisbehaviour: true,
    begin: ({ server, forMs }) => server.admitBy('adds fields', 3 * forMs),
  },
  'label edited before each write': {
    isMisbehaviour: true,
    begin: ({ server, forMs }) => server.contend(forMs),
  },
  'restored from a backup': {
    isMisbehaviour: true,
    begin: ({ server, world, forMs }) => server.setBack(world.random.between(0, 3) * forMs),
  },
  'cleared by hand': {
    isBeyondLimits: true,
    begin: ({ server }) => editSpec(server, { holderIdentity: '' }),
  },
  'holder edited to an unknown one': {
    isBeyondLimits: true,
    begin: ({ server }) => editSpec(server, { holderIdentity: 'another' }),
  },
  'holder edited to another candidate': {
    isBeyondLimits: true,
    begin: ({ server, replicas, world }) =>
      editSpec(server, { holderIdentity: `fixed-${world.random.below(replicas.length)}` }),
  },
  'holder edited to nonsense': {
    isBeyondLimits: true,
    begin: ({ server }) => editSpec(server, { renewTime: '2026-01-01T12:00:00.000000Z' }),
  },
  'deleted by hand': { isBeyondLimits: true, begin: ({ server }) => server.delete(hand) },
  'transfer requested': {
    isTactical: true,
    begin: ({ server, world, replicas }) => {
      const term = termIn(server);
      const to = world.random.pick([
        null,
        'stranger',
        `fixed-${world.random.below(replicas.length)}`,
      ]);
      if (term !== null) requestTransfer(server, to, term);
    },
  },
  'transfer of another term requested': {
    isTactical: true,
    begin: ({ server }) => requestTransfer(server, null, 'fixed-0@2026-01-01T11:00:00.000000Z'),
  },
  'holder preferred': {
    isTactical: true,
    begin: ({ server, world, replicas }) =>
      server.prefer(hand, `fixed-${world.random.below(replicas.length)}`),
  },
} satisfies Record<string, Fault>;

export type FaultId = keyof typeof faults;

/** What slows no candidate down but those that it ends. */
export const calmFaultIds: readonly FaultId[] = [
  'crash',
  'SIGTERM',
  'SIGINT twice',
  'death of the guard',
  'wall clock set',
  'compaction',
  'label edited',
];

export function faultIds(isBeyondLimits: boolean): FaultId[] {
  const ids = Object.keys(faults) as FaultId[];
  return ids.filter(
    (id) =>
      !('isMisbehaviour' in faults[id]) &&
      !('isTactical' in faults[id]) &&
      (isBeyondLimits || !('isBeyondLimits' in faults[id])),
  );
}

export function misbehaviourIds(): FaultId[] {
  return (Object.keys(faults) as FaultId[]).filter((id) => 'isMisbehaviour' in faults[id]);
}

export function tacticalIds(): FaultId[] {
  return (Object.keys(faults) as FaultId[]).filter((id) => 'isTactical' in faults[id]);
}

export function beginFault(id: FaultId, site: Site): void {
  site.world.count(`fault: ${id}`);
  site.world.tell('fault', () => `${id}, ${site.replica.name}, for ${site.forMs.toFixed(0)} ms`);
  faults[id].begin(site);
}

/** The term of who holds the lease now, with all digits: leader-run's annotation has them where a webhook has cut the record's. */
function termIn(server: Server): string | null {
  const { current } = server;
  if (current === null || current.holder === '') return null;
  return `${current.holder}@${current.acquireTime}`;
}

function requestTransfer(server: Server, to: string | null, term: string): void {
  server.annotate(hand, 'leader-run/transfer', JSON.stringify({ to, term, by: 'hand' }));
}

function disturbAll({ replicas, forMs }: Site, how: 'both' | 'refused' | 'unavailable'): void {
  for (const { link } of replicas) link.disturb(how, forMs);
}

function editSpec(server: Server, change: Record<string, string>): void {
  const lease = server.current?.lease;
  if (lease === undefined) return;
  const body = { ...lease, spec: { ...specOf(lease), ...change } };
  server.handle({ author: hand, request: { id: 'update', body }, sentBootMs: 0 });
}
