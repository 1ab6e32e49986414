/** What `--help` prints. Written by hand, as it has to fit on one screen; a test keeps it in step with the table of flags. */

/** Help for `leader-run`. */
export const runHelp = `Usage: leader-run [flags] [--] command [arguments]
       leader-run status [LOCK]            who leads
       leader-run check                    in a command: does it still lead?
       leader-run manifests [flags]        what it needs in a cluster
       leader-run sandbox [--] [command]   a Lease API in memory, to try it

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

In a cluster
      --http ADDRESS          [HOST]:PORT of probes and metrics
      --command-health URL    what probes ask while the command runs
      --command-start-timeout D  until it is well at first, default: infinity
      --events                write an Event when leadership begins and ends
      --pod-label LABEL       key=value on the leader's Pod, and on no other

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

/** Help for `leader-run status`. */
export const statusHelp = `Usage: leader-run status [LOCK] [flags]

Shows who leads. LOCK is the name of a Lease, or namespace/name; without it all
Leases of the namespace are shown, or inside a command the one it runs under.
Exit status: 0 if one is led, 1 if none is, 125 on failure.

  -n, --lock-namespace NAME   default: that of the credentials
  -A, --all-namespaces
  -o, --output FORMAT         table, wide or json, default: table
  -w, --watch                 until Ctrl-C
      --kubeconfig FILE       default: $KUBECONFIG, ~/.kube/config, in-cluster
      --context NAME          context of the kubeconfig
  -h, --help
`;

/** Help for `leader-run check`. */
export const checkHelp = `Usage: leader-run check [flags]

Inside a command: asks the API server whether the command still leads. Exit
status: 0 if it does, 1 if not, 125 without an answer.

  leader-run check && ./write

      --kubeconfig FILE   default: $KUBECONFIG, ~/.kube/config, in-cluster
      --context NAME      context of the kubeconfig
  -h, --help
`;

/** Help for `leader-run manifests`. */
export const manifestsHelp = `Usage: leader-run manifests [flags] [flags of a run] [--] [command [arguments]]

Prints what a run with these flags needs in a cluster: ServiceAccount, Role with
the least rights, RoleBinding, Deployment and PodDisruptionBudget.

  leader-run manifests --lock-name worker --http :8080 | kubectl apply -f -

      --image IMAGE      with leader-run as its entrypoint
      --cron SCHEDULE    a CronJob in place of the Deployment
      --flow-schema      also a FlowSchema: the priority of other leaders
  -h, --help
`;
