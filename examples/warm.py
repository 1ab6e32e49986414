# leader-run --lock-name search --warm -- python3 warm.py
import os
import signal

# What takes long: imports, models, caches, indexes.
print("started", flush=True)
with open(int(os.environ["LEADER_RUN_FD"])) as promotion:
    line = promotion.readline().rstrip("\n")
# End of file without a line: this process will never lead.
if not line:
    raise SystemExit(1)
print("leads", line, flush=True)
signal.pause()
