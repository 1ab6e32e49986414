/** What `--help` prints. Written by hand, as it has to fit on one screen; a test keeps it in step with the table of flags. */

/** Help for `leader-run`. */
export const runHelp = `Usage: leader-run [flags] [--] command [arguments]
       leader-run sandbox [--] [command]   a Lease API in memory, to try it
       leader-run transfer LOCK            asks for another leader

Runs a command only while this process is the elected leader of a Kubernetes
Lease, and never two at once.

  leader-run --lock-name nightly --try -- ./backup.sh

The Lease
      --lock-name NAME        name of the Lease (required)
  -n, --lock-namespace NAME   default: that of the credentials
      --id TEXT               holder identity, default: pod or host name, uuid
      --kubeconfig FILE       default: $KUBECONFIG, ~/.kube/config, in-cluster
      --context NAME          context of the kubeconfig

Time (15s, 1m30s, 500ms)
      --lease-duration D      a dead leader is replaced after it, default: 15s
      --renew-deadline D      stop if not renewed in time, default: 2/3 of it
      --retry-period D        time between renewals, default: 2/15 of it
      --wait D                give up if not leader in time, default: infinity
      --try                   the same as --wait 0

The command
      --signal NAME           what asks it to stop, default: TERM
      --grace-period D        from then to SIGKILL, default: 25s; or infinity
      --loss-grace D          the same when it is lost, default: what it leaves
  -E, --conflict-exit-code N  if not leader in time, default: 124
      --lost-exit-code N      if the Lease was lost, default: 75
      --warm                  start it now, and tell it when it leads
      --promote-signal NAME   tell it by this signal, too
      --on-lost WHAT          then exit, or rejoin the election, default: exit
      --max-term D            give the Lease back after it, default: infinity

Once, whichever machine it is (scripts and cron)
      --once KEY              run only if no run with this KEY has succeeded
      --once-per D            run only if the last run began longer ago
      --once-at WHEN          what counts, success or start, default: success
      --done-exit-code N      if another run has done it, default: 0

  -q, --quiet                 warnings and errors only
  -v, --verbose               the same as --log-level debug
      --log-level LEVEL       debug, info, warn or error, default: info
      --log-format FORMAT     text or json, default: text
  -h, --help
      --version

Every flag can be set by a variable, --lock-name by LEADER_RUN_LOCK_NAME.
`;

/** Help for `leader-run sandbox`. */
export const sandboxHelp = `Usage: leader-run sandbox [flags] [--] [command [arguments]]

Serves a Lease API on a loopback port, in memory, and writes a kubeconfig for
it. With a command: runs it with KUBECONFIG set, and ends with it.

  leader-run sandbox -- leader-run --lock-name try-it -- date

      --port N             default: a free one
      --kubeconfig FILE    where to write it, default: a temporary file
  -h, --help
`;

/** Help for `leader-run transfer`. */
export const transferHelp = `Usage: leader-run transfer LOCK [flags]

Asks the leader-run that leads to give the Lease to another candidate, and waits
for that. Exits with 0 when the wanted one leads, 1 when someone else does, 124
when no one has stepped down in time.

  leader-run transfer nightly --to web-1

      --to ID                 identity or Pod, default: whoever comes first
      --wait D                how long to wait for it, default: 60s
  -n, --lock-namespace NAME   default: that of the credentials
      --kubeconfig FILE       default: $KUBECONFIG, ~/.kube/config, in-cluster
      --context NAME          context of the kubeconfig
  -h, --help
`;
