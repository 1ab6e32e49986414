/** What `--help` prints. Written by hand, because it has to fit on one screen; a test keeps it in step with the table of flags. */

/** Help for `leader-run`. */
export const runHelp = `Usage: leader-run [flags] [--] command [arguments]
       leader-run sandbox [--] [command]   a Lease API in memory, to try it out

Run a command only while holding a Kubernetes Lease, and never two copies of it
at once.

  leader-run --lock-name nightly --try -- ./backup.sh

The Lease
      --lock-name NAME        name of the Lease (required)
  -n, --lock-namespace NAME   default: the namespace of the context or Pod
      --id TEXT               holder identity, default: Pod or host name, UUID
      --kubeconfig FILE       default: $KUBECONFIG, ~/.kube/config, in-cluster
      --context NAME          context of the kubeconfig

Time (15s, 1m30s, 500ms)
      --lease-duration D      wait before replacing a dead leader, default: 15s
      --renew-deadline D      stop if not renewed in time, default: 2/3 of lease
      --retry-period D        time between renewals, default: 2/15 of lease
      --wait D                give up if not leader in time, default: infinity
      --try                   the same as --wait 0

The command
      --signal NAME           signal that asks it to stop, default: TERM
      --grace-period D        from then to SIGKILL, default: 25s; or infinity
      --loss-grace D          grace after a loss, default: rest of the lease
  -E, --conflict-exit-code N  exit status if not leader in time, default: 124
      --lost-exit-code N      exit status if the lease was lost, default: 75

  -q, --quiet                 only warnings and errors
  -v, --verbose               the same as --log-level debug
      --log-level LEVEL       debug, info, warn or error, default: info
      --log-format FORMAT     text or json, default: text
  -h, --help
      --version

Each flag can also be set by a variable: --lock-name by LEADER_RUN_LOCK_NAME.
`;

/** Help for `leader-run sandbox`. */
export const sandboxHelp = `Usage: leader-run sandbox [flags] [--] [command [arguments]]

Serve a Lease API on a loopback port, in memory, and write a kubeconfig for it.
With a command: run it with KUBECONFIG set, and exit when it does.

  leader-run sandbox -- leader-run --lock-name try-it -- date

      --port N             default: a free one
      --kubeconfig FILE    where to write it, default: a temporary file
  -h, --help
`;
