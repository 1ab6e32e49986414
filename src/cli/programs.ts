/** `leader-run` itself and its sub-commands: what help says of each, and its flags. */
import type { Completes, FlagValues, Flags } from './flag.ts';
import { helpFlags, runFlags } from './flags.ts';
import {
  checkFlags,
  manifestsAndRunFlags,
  sandboxFlags,
  statusFlags,
  transferFlags,
} from './subcommand-flags.ts';

export interface Program<F extends Flags = Flags> {
  readonly name: string;
  /** What follows the name. */
  readonly usage: string;
  readonly about: string;
  readonly flags: F;
  /** What a shell offers for its first word. */
  readonly completes?: Completes;
  /** Its flags may follow its words, as these are no command. */
  readonly runsNoCommand?: true;
}

export const runProgram = {
  name: 'leader-run',
  usage: `[flags] [--] command [arguments]
       leader-run status [LOCK]            who leads
       leader-run check                    in a command: does it still lead?
       leader-run transfer LOCK            ask for another leader
       leader-run manifests [flags]        what it needs in a cluster
       leader-run sandbox [--] [command]   a Lease API in memory, to try it out
       leader-run completion SHELL         completion for bash, zsh or fish`,
  about: `Run a command only while holding a Kubernetes Lease: never two copies at once.

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
  status: {
    name: 'leader-run status',
    usage: '[LOCK] [flags]',
    about: `Show who leads. LOCK is the name of a Lease, or namespace/name; without it, all
Leases of the namespace are shown, or inside a command the one it runs under.
Exit status: 0 if one is led, 1 if none is, 125 on failure.`,
    flags: statusFlags,
    completes: 'leases',
    runsNoCommand: true,
  },
  check: {
    name: 'leader-run check',
    usage: '[flags]',
    about: `Inside a command: ask the API server whether the command still leads. Exit
status: 0 if it does, 1 if not, 125 without an answer.

  leader-run check && ./write`,
    flags: checkFlags,
    runsNoCommand: true,
  },
  manifests: {
    name: 'leader-run manifests',
    usage: '[flags] [--] [command [arguments]]',
    about: `Print what a run with these flags needs in a cluster: ServiceAccount, Role with
the least rights, RoleBinding, Deployment and PodDisruptionBudget.

  leader-run manifests --lock-name worker --http :8080 | kubectl apply -f -`,
    flags: manifestsAndRunFlags,
  },
  completion: {
    name: 'leader-run completion',
    usage: 'bash|zsh|fish',
    about: `Print the completion of a shell. Contexts, namespaces and Leases are asked for when
they are wanted, with your credentials and within a second.

  source <(leader-run completion bash)`,
    flags: helpFlags,
    completes: ['bash', 'zsh', 'fish'],
  },
  transfer: {
    name: 'leader-run transfer',
    usage: 'LOCK [flags]',
    about: `Ask the leader to give the Lease to another candidate, and wait for that. LOCK is
the name of a Lease, or namespace/name; --to names an identity or a Pod. Exit
status: 0 if the wanted one leads, 1 if someone else does, 124 if no one has
stepped down in time.

  leader-run transfer nightly --to web-1`,
    flags: transferFlags,
    completes: 'leases',
    runsNoCommand: true,
  },
} as const satisfies Readonly<Record<string, Program>>;

type Subcommands = typeof subcommands;

/** A sub-command as it was called. */
export type SubcommandLine = {
  [Name in keyof Subcommands]: {
    readonly id: Name;
    readonly flags: FlagValues<Subcommands[Name]['flags']>;
    /** The words after the flags. */
    readonly words: readonly string[];
    /** The texts of the flags that were given, by their names. */
    readonly texts: Readonly<Record<string, string>>;
  };
}[keyof Subcommands];
