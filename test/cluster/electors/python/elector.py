"""A candidate of PyPI's kubernetes. It says in the manner of test/fixtures/worker.mjs when it leads; it cannot release, so on
SIGTERM it ends, and its lease expires.

    python3 elector.py KUBECONFIG NAMESPACE LEASE IDENTITY
"""

import json
import logging
import os
import signal
import sys
import time

from kubernetes import config
from kubernetes.leaderelection import electionconfig, leaderelection
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock

kubeconfig, namespace, lease, identity = sys.argv[1:]
leads = False


def say(event):
    line = {"worker": os.getpid(), "event": event, "atMs": time.time() * 1000}
    # Not by print(): a signal handler may not use a stream that the code it interrupts is writing to.
    os.write(1, (json.dumps(line, separators=(",", ":")) + "\n").encode())


def started():
    global leads
    leads = True
    say("start")


def stopped(*_):
    if leads:
        say("end")
    os._exit(0)


logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
signal.signal(signal.SIGTERM, stopped)
config.load_kube_config(kubeconfig)
leaderelection.LeaderElection(
    electionconfig.Config(
        LeaseLock(lease, namespace, identity),
        lease_duration=6,
        renew_deadline=3,
        retry_period=1,
        onstarted_leading=started,
        onstopped_leading=stopped,
    )
).run()
