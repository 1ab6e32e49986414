/** What the API server noted of requests, with its own clock: that of this machine. */
import { readFileSync } from 'node:fs';

/** One request for a Lease. */
export interface AuditEntry {
  readonly verb: string;
  readonly user: string;
  readonly lock: string;
  readonly code: number;
  /** Unix ms, with the fraction. */
  readonly receivedAtMs: number;
  readonly answeredAtMs: number;
}

interface Line {
  readonly stage: string;
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly name?: string };
  readonly responseStatus?: { readonly code: number };
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
}

/** All requests so far. A watch counts when it is opened. */
export function readAudit(path: string): AuditEntry[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as Line)
    .filter(({ stage, verb }) => (stage === 'ResponseStarted') === (verb === 'watch'))
    .map((line) => ({
      verb: line.verb,
      user: line.user.username,
      lock: line.objectRef?.name ?? '',
      code: line.responseStatus?.code ?? 0,
      receivedAtMs: unixMs(line.requestReceivedTimestamp),
      answeredAtMs: unixMs(line.stageTimestamp),
    }));
}

/** Date reads three digits of the fraction; the server writes six. */
function unixMs(time: string): number {
  const [, seconds = '', fraction = '0'] = /^(.*?)(\.\d+)?Z$/.exec(time) ?? [];
  return Date.parse(`${seconds}Z`) + Number(fraction) * 1000;
}
