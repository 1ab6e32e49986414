/**
 * What a run of torture leaves behind, read from its folder: what processes noted of themselves (command.c), what the observer saw of
 * their ends (observer.c), what the API server noted of writes (its audit log), and which faults there were. It imports nothing of
 * leader-run.
 *
 * Times are milliseconds of CLOCK_BOOTTIME.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Process {
  readonly token: number;
  /** CANDIDATE.N: the Nth leader-run of a candidate. */
  readonly identity: string;
  readonly lock: string;
  /** Of `--once`. */
  readonly key: string;
  readonly isMain: boolean;
  readonly startMs: number;
  /** When SIGTERM came; null: never. */
  readonly termMs: number | null;
  readonly end: { readonly atMs: number; readonly status: number } | null;
  /** When it was last seen alive, by itself or by the observer. */
  readonly aliveMs: number;
  /** By when the observer saw it dead; Infinity: never. */
  readonly deadMs: number;
}

/** A write of a Lease that landed; or one without an answer (`maybe`), of which no more than user and time is known. */
export interface Write {
  /** When the API server received it. */
  readonly atMs: number;
  /** A candidate, or `admin`. */
  readonly user: string;
  readonly lock: string;
  readonly maybe: boolean;
  readonly version: number;
  /** Null: deleted. Empty: released. */
  readonly holder: string | null;
  readonly leaseMs: number;
  readonly runs: readonly { readonly key: string; readonly token: string | null }[];
}

/** A write of a Pod: whether it has the leader's label now. Null: what is labelled now is not known. */
export interface LabelWrite {
  readonly atMs: number;
  readonly pod: string;
  readonly version: number;
  readonly isLabelled: boolean | null;
}

export interface Fault {
  readonly kind: string;
  /** A candidate, a lock, or nothing. */
  readonly target: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** When the observer, and so perhaps the whole machine, stood still. */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface History {
  readonly processes: readonly Process[];
  /** In the order in which they landed; so are the labels. */
  readonly writes: readonly Write[];
  readonly labels: readonly LabelWrite[];
  readonly faults: readonly Fault[];
  readonly gaps: readonly Gap[];
  /** What the run left, besides what noted itself; null: it is not over yet. */
  readonly left: readonly string[] | null;
  /** Renew deadline / lease duration, of each leader-run. */
  readonly renewFraction: number;
}

/** Of an identity, which is CANDIDATE.N. */
export function candidateOf(identity: string): string {
  return identity.replace(/\.\d+$/, '');
}

/** All processes of one token and leader-run. */
export interface Term extends Process {
  readonly name: string;
  readonly candidate: string;
  readonly processes: readonly Process[];
}

/** In the order of their starts. */
export function termsOf(processes: readonly Process[]): Term[] {
  const groups = new Map<string, Process[]>();
  for (const each of processes.toSorted((a, b) => a.startMs - b.startMs)) {
    const id = `${each.lock} ${each.token} ${each.identity}`;
    groups.set(id, [...(groups.get(id) ?? []), each]);
  }
  return [...groups.values()].flatMap((group) =>
    group.slice(0, 1).map((first) => ({
      ...first,
      name: `term ${first.token} of ${first.identity}`,
      candidate: candidateOf(first.identity),
      aliveMs: Math.max(...group.map(({ aliveMs }) => aliveMs)),
      deadMs: Math.max(...group.map(({ deadMs }) => deadMs)),
      processes: group,
    })),
  );
}

/** The files of a run's folder. */
export const files = {
  stamps: 'stamps',
  observer: 'observer.log',
  audit: 'audit.log',
  faults: 'faults.jsonl',
  settings: 'settings.json',
} as const;

export type Settings = Pick<History, 'renewFraction' | 'left'>;

/** Of a run that goes on, the settings are not written yet. */
export function readHistory(folder: string, auditFile: string, settings?: Settings): History {
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  const observed = linesOf(read(files.observer)).map((line) => line.split(' '));
  const audit = linesOf(readFileSync(auditFile, 'utf8')).flatMap(parseAudit);
  const toBootMs = bootClock(observed);
  return {
    processes: readProcesses(join(folder, files.stamps), observed),
    writes: readWrites(audit, toBootMs),
    labels: readLabels(audit, toBootMs),
    faults: linesOf(read(files.faults)).map((line) => JSON.parse(line) as Fault),
    gaps: observed
      .filter(([word]) => word === 'gap')
      .map(([, from, to]) => ({ fromMs: milliseconds(from), toMs: milliseconds(to) })),
    ...(settings ?? (JSON.parse(read(files.settings)) as Settings)),
  };
}

/** A line that was being written when its writer was killed has no end. */
function linesOf(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

function milliseconds(nanoseconds = ''): number {
  return Number(nanoseconds) / 1e6;
}

function readProcesses(folder: string, observed: readonly (readonly string[])[]): Process[] {
  const sights = new Map<string, { aliveMs: number; deadMs: number }>();
  for (const [word, file = '', first, second] of observed)
    if (word === 'dead' || word === 'alive')
      sights.set(file, {
        aliveMs: milliseconds(first),
        deadMs: word === 'dead' ? milliseconds(second) : Infinity,
      });
  return readdirSync(folder).flatMap((file) => {
    const stamps = linesOf(readFileSync(join(folder, file), 'utf8')).map((line) => line.split(' '));
    const [start, ...later] = stamps;
    if (start === undefined) return [];
    const [, startedAt, identity = '', lock = '', key = '', role] = start;
    const find = (word: string) => later.find(([first]) => first === word);
    const [, toldAt] = find('term') ?? [];
    const [, endedAt, status] = find('end') ?? [];
    const sight = sights.get(file) ?? { aliveMs: 0, deadMs: Infinity };
    return {
      token: Number(file.split('.')[0]),
      identity,
      lock,
      key,
      isMain: role === 'main',
      startMs: milliseconds(startedAt),
      termMs: toldAt === undefined ? null : milliseconds(toldAt),
      end: endedAt === undefined ? null : { atMs: milliseconds(endedAt), status: Number(status) },
      aliveMs: Math.max(sight.aliveMs, ...stamps.map(([, at]) => milliseconds(at))),
      deadMs: sight.deadMs,
    };
  });
}

/** From Unix milliseconds, by the observer's latest look at both clocks before. */
function bootClock(observed: readonly (readonly string[])[]): (wallMs: number) => number {
  const looks = observed
    .filter(([word]) => word === 'clock')
    .map(([, boot, wall]) => ({ bootMs: milliseconds(boot), wallMs: milliseconds(wall) }));
  return (wallMs) => {
    let low = 0;
    for (let high = looks.length; high - low > 1;) {
      const middle = (low + high) >> 1;
      if ((looks[middle]?.wallMs ?? Infinity) <= wallMs) low = middle;
      else high = middle;
    }
    const look = looks[low];
    return look === undefined ? NaN : wallMs - look.wallMs + look.bootMs;
  };
}

interface AuditLine {
  readonly auditID: string;
  readonly stage: string;
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef: { readonly resource: string; readonly namespace: string; name?: string };
  readonly responseStatus?: { readonly code?: number };
  readonly responseObject?: {
    readonly metadata?: {
      readonly name?: string;
      readonly resourceVersion?: string;
      readonly labels?: Readonly<Record<string, string>>;
      readonly annotations?: Readonly<Record<string, string>>;
    };
    readonly spec?: { readonly holderIdentity?: string; readonly leaseDurationSeconds?: number };
  };
  readonly requestReceivedTimestamp: string;
}

/** The API server can be killed in the middle of a line; the next one then goes on behind it. */
function parseAudit(line: string): AuditLine[] {
  try {
    return [JSON.parse(line.slice(Math.max(0, line.lastIndexOf('{"kind":"Event"')))) as AuditLine];
  } catch {
    return [];
  }
}

/** Date reads three digits of the fraction; the server writes six. */
function unixMs(time: string): number {
  const [, seconds = '', fraction = '0'] = /^(.*?)(\.\d+)?Z$/.exec(time) ?? [];
  return Date.parse(`${seconds}Z`) + Number(fraction) * 1000;
}

/** Each write once: by its answer, or by its receipt if there is none, or one that says that nobody knows. */
function answered(audit: readonly AuditLine[], resource: string) {
  const writes = audit.filter(
    ({ objectRef, verb }) =>
      objectRef.resource === resource && /^(create|update|patch|delete)$/.test(verb),
  );
  const byId = new Map(writes.map((line) => [line.auditID, line]));
  for (const line of writes) if (line.stage === 'ResponseComplete') byId.set(line.auditID, line);
  return [...byId.values()].flatMap((line) => {
    const code = line.stage === 'ResponseComplete' ? (line.responseStatus?.code ?? 500) : 500;
    return code < 300 || code >= 500 ? [{ line, maybe: code >= 500 }] : [];
  });
}

/** In the order of versions; one without a version goes by its time. */
function inOrder<T extends { readonly atMs: number; readonly version: number }>(all: T[]): T[] {
  const sorted = all.sort((a, b) => a.atMs - b.atMs);
  const versioned = sorted.filter(({ version }) => !Number.isNaN(version));
  const order = versioned.toSorted((a, b) => a.version - b.version);
  // A server that was set back counts on from an older version: then the order of time is the better one.
  const isSetBack = versioned.some(
    ({ atMs, version }, index) =>
      version < (versioned[index - 1]?.version ?? 0) &&
      atMs > (versioned[index - 1]?.atMs ?? 0) + 1_000,
  );
  if (isSetBack) return sorted;
  let next = 0;
  return sorted.map((each) => (Number.isNaN(each.version) ? each : (order[next++] ?? each)));
}

function readWrites(audit: readonly AuditLine[], toBootMs: (wallMs: number) => number): Write[] {
  const writes = answered(audit, 'leases').map(({ line, maybe }): Write & { spec: string } => {
    const { metadata, spec } = line.responseObject ?? {};
    const isDelete = line.verb === 'delete';
    const name = line.objectRef.name ?? metadata?.name ?? '';
    return {
      atMs: toBootMs(unixMs(line.requestReceivedTimestamp)),
      user: line.user.username,
      lock: `${line.objectRef.namespace}/${name}`,
      maybe,
      version: maybe || isDelete ? NaN : Number(metadata?.resourceVersion),
      holder: isDelete ? null : (spec?.holderIdentity ?? ''),
      leaseMs: (spec?.leaseDurationSeconds ?? 0) * 1_000,
      runs: JSON.parse(metadata?.annotations?.['leader-run/runs'] ?? '[]') as Write['runs'],
      spec: isDelete || maybe ? '' : JSON.stringify(spec ?? {}),
    };
  });
  // Whoever changes a label or an annotation alone has renewed nothing.
  const specs = new Map<string, string>();
  return inOrder(writes).filter(({ lock, spec, maybe }) => {
    const isRecord = spec === '' || specs.get(lock) !== spec;
    if (!maybe) specs.set(lock, spec);
    return isRecord;
  });
}

function readLabels(audit: readonly AuditLine[], toBootMs: (ms: number) => number): LabelWrite[] {
  const writes = answered(audit, 'pods').map(({ line, maybe }): LabelWrite => ({
    atMs: toBootMs(unixMs(line.requestReceivedTimestamp)),
    pod: line.objectRef.name ?? '',
    version: maybe ? NaN : Number(line.responseObject?.metadata?.resourceVersion),
    isLabelled: maybe ? null : line.responseObject?.metadata?.labels?.['torture'] === 'leads',
  }));
  return inOrder(writes);
}
