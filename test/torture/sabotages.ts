/**
 * leader-runs that do not keep what they promise, as changes to the sources that only `npm run torture:sabotage` makes, in a copy of
 * them. Unlike the bugs of the simulator they are found from outside, by what real processes note.
 */
import type { Edit } from '../simulation/bugs/bug.ts';
import { allBugs } from '../simulation/bugs/bugs.ts';

export interface Sabotage {
  readonly id: string;
  readonly what: string;
  /** The rules of the judge that it breaks; each of them is a find. */
  readonly breaks: readonly string[];
  readonly edits: readonly Edit[];
}

/** One of the simulator's, which is as good here. */
function seeded(id: string, ...breaks: readonly string[]): Sabotage {
  const bug = allBugs.find((each) => each.id === id);
  if (bug === undefined) throw new Error(`there is no seeded bug "${id}"`);
  return { id, what: bug.what, breaks, edits: bug.edits };
}

export const sabotages: readonly Sabotage[] = [
  seeded('release-before-death', 'release last', 'one at a time'),
  {
    id: 'no-guard',
    what: 'the guard ends where it should kill',
    breaks: ['dead in time', 'one at a time'],
    edits: [
      {
        file: 'src/command/guard/guard-script.ts',
        search: 'kill_tree() {\n',
        replace: 'kill_tree() {\n  kill -KILL 0\n',
      },
    ],
  },
  seeded('validity-from-response', 'stopped in time', 'dead in time'),
  {
    id: 'token-counts-holders',
    what: 'the fencing token is the number of holders, which begins again when the Lease was deleted',
    breaks: ['tokens grow'],
    edits: [
      {
        file: 'src/command/term-environment.ts',
        search: 'LEADER_RUN_FENCING_TOKEN: term.fencingToken,',
        replace: 'LEADER_RUN_FENCING_TOKEN: String(term.leaseTransitions + 1),',
      },
    ],
  },
  {
    id: 'once-recorded-before-the-end',
    what: 'a run is recorded by the write that acquires, though only success counts',
    breaks: ['once'],
    edits: [
      {
        file: 'src/election/once.ts',
        search: "if (once?.counts !== 'start') return {};",
        replace: 'if (once === null) return {};',
      },
    ],
  },
  {
    id: 'label-left',
    what: 'the label of a leader that has crashed stays on its Pod',
    breaks: ['one label'],
    edits: [
      {
        file: 'src/operate/pod-label.ts',
        search: 'labelledPodsOf(current.lease).filter(this.#isOther)',
        replace: 'labelledPodsOf(current.lease).filter(() => false)',
      },
    ],
  },
  {
    id: 'guard-armed-late',
    what: 'the guard learns of the command three seconds after its start',
    breaks: ['dead in time', 'one at a time'],
    edits: [
      {
        file: 'src/command/command-supervisor.ts',
        search:
          "        this.#missing.add('guard');\n        this.#guard?.arm(readRoot(pid, !this.#options.hasTerminal, this.#markers.tree));\n",
        replace: "        void pid;\n        this.#missing.delete('guard');\n",
      },
      {
        file: 'src/command/command-supervisor.ts',
        search: '    const tree = new Tree(root, this.#finder.findOf(root));\n',
        replace:
          '    setTimeout(() => this.#guard?.arm(root), 3_000);\n    const tree = new Tree(root, this.#finder.findOf(root));\n',
      },
    ],
  },
  seeded('own-lease-duration', 'not taken early', 'one at a time'),
  {
    id: 'loss-ignored',
    what: 'a leader that could not renew goes on until the guard kills',
    breaks: ['stopped in time'],
    edits: [
      {
        file: 'src/election/leading.ts',
        search:
          '  if (turn.nowMs >= believedUntilMs(leading)) return lose(leading, expiry(leading, turn), turn);\n',
        replace: '  void [lose, expiry];\n',
      },
      {
        file: 'src/election/leading.ts',
        search:
          'Math.min(believedUntilMs(leading), renewalDeadlineMs(leading), termEndMs(leading))',
        replace: 'Math.min(renewalDeadlineMs(leading), termEndMs(leading))',
      },
    ],
  },
  seeded('gone-with-the-command', 'release last', 'one at a time', 'nothing left'),
];
