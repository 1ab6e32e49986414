/** What every measurement needs. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from '../../test/cluster/server.ts';
import { createCertificateUser } from '../../test/cluster/users.ts';
import type { Candidate } from './candidate.ts';
import type { Program, Programs } from './programs.ts';

/** How often things are measured. */
export interface Plan {
  readonly startUps: number;
  readonly handOvers: number;
  /** In each of the lanes. */
  readonly slowHandOvers: number;
  readonly forced: number;
  /** Standbys. */
  readonly crowd: number;
  readonly crowdHandOvers: number;
  readonly crashPairs: number;
  readonly crashRounds: number;
  /** They need 100 s. */
  readonly agedPairs: number;
  readonly idleMs: number;
  readonly slowStarts: number;
  readonly outages: number;
}

export interface Stage {
  readonly cluster: Cluster;
  readonly programs: Programs;
  readonly plan: Plan;
  readonly say: (line: string) => void;
}

/** How long a standby that waits is left alone: its guard, its watch and its connections are made by then. */
const settleMs = 600;

/** Resolves when a candidate is as ready as a standby that has been there for long. */
export async function untilStandby(candidate: Candidate, program: Program): Promise<void> {
  if (program.waitingLine !== null) await candidate.line(program.waitingLine);
  await pause(settleMs);
}

let locks = 0;

/** The name of a Lease that nobody has used. */
export function freshLock(): string {
  return `bench-${(locks += 1)}`;
}

/** A user of its own, with the rights that the README asks for, so that the server's log tells who asked. */
export async function createUser(
  cluster: Cluster,
  lockName: string,
): Promise<{ readonly kubeconfig: string; readonly name: string }> {
  const kubeconfig = await createCertificateUser(cluster, { namespace: 'default', lockName });
  const { users } = JSON.parse(readFileSync(kubeconfig, 'utf8')) as {
    users: [{ user: { 'client-certificate-data': string } }];
  };
  const certificate = Buffer.from(users[0].user['client-certificate-data'], 'base64');
  const name = /CN=(.*)/.exec(new X509Certificate(certificate).subject)?.[1] ?? '';
  return { kubeconfig, name };
}
