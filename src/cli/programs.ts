/** `leader-run` itself and its sub-commands: what help says of each, and its flags. */
import type { FlagValues, Flags } from './flag.ts';
import { runFlags, sandboxFlags, transferFlags } from './flags.ts';

export interface Program<F extends Flags = Flags> {
  readonly name: string;
  /** What follows the name. */
  readonly usage: string;
  readonly about: string;
  readonly flags: F;
  /** Its flags may follow its words, as these are no command. */
  readonly runsNoCommand?: true;
}

export const runProgram = {
  name: 'leader-run',
  usage: `[flags] [--] command [arguments]
       leader-run transfer LOCK            ask for another leader
       leader-run sandbox [--] [command]   a Lease API in memory, to try it out`,
  about: `Run a command only while holding a Kubernetes Lease, and never two copies of it
at once.

  leader-run --lock-name nightly --try -- ./backup.sh

Each flag can also be set by a variable: --lock-name by LEADER_RUN_LOCK_NAME.`,
  flags: runFlags,
} as const satisfies Program;

/** The very first word of a command line can be one of these. */
export const subcommands = {
  sandbox: {
    name: 'leader-run sandbox',
    usage: '[flags] [--] [command [arguments]]',
    about: `Serve a Lease API on a loopback port, in memory, and write a kubeconfig for it.
With a command: run it with KUBECONFIG set, and exit when it does.

  leader-run sandbox -- leader-run --lock-name try-it -- date`,
    flags: sandboxFlags,
  },
  transfer: {
    name: 'leader-run transfer',
    usage: 'LOCK [flags]',
    about: `Ask the leader to give the Lease to another candidate, and wait for that. Exit
status: 0 if the wanted one leads, 1 if someone else does, 124 if no one has
stepped down in time.

  leader-run transfer nightly --to web-1`,
    flags: transferFlags,
    runsNoCommand: true,
  },
} as const satisfies Readonly<Record<string, Program>>;

/** Words that will be sub-commands. */
export const reservedWords: readonly string[] = ['status', 'check', 'manifests', 'completion'];

type Subcommands = typeof subcommands;

/** A sub-command as it was called. */
export type SubcommandLine = {
  [Name in keyof Subcommands]: {
    readonly id: Name;
    readonly flags: FlagValues<Subcommands[Name]['flags']>;
    /** The words after the flags. */
    readonly words: readonly string[];
  };
}[keyof Subcommands];
