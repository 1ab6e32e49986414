/**
 * `npm run docs`: writes the tables of the documentation that are made from the program: its flags from their
 * table, the figures of lease durations from the functions that check the settings. A test keeps the files in step.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { formatDuration, humanDuration } from '../src/cli/durations.ts';
import type { Flags } from '../src/cli/flag.ts';
import { runFlags } from '../src/cli/flags.ts';
import { parseCommandLine } from '../src/cli/parse.ts';
import {
  checkFlags,
  manifestsFlags,
  sandboxFlags,
  statusFlags,
  transferFlags,
} from '../src/cli/subcommand-flags.ts';
import { defaultTextOf } from '../src/cli/words.ts';
import { largestShare } from '../src/election/retrying.ts';
import { type ElectionSettings, attemptTimeoutMs, jitterFactor } from '../src/election/settings.ts';

const root = join(import.meta.dirname, '..');
const prettierOptions = { parser: 'markdown', printWidth: 100 } as const;

/** The pages that have such tables, and the name and text of each. */
export const pages: readonly { path: string; tables: Readonly<Record<string, () => string>> }[] = [
  {
    path: 'docs/reference.md',
    tables: {
      flags: () => flagTable(runFlags),
      'status flags': () => flagTable(statusFlags),
      'check flags': () => flagTable(checkFlags),
      'manifests flags': () => flagTable(manifestsFlags),
      'sandbox flags': () => flagTable(sandboxFlags),
      'transfer flags': () => flagTable(transferFlags),
    },
  },
  { path: 'docs/lease-duration.md', tables: { 'lease durations': durationTable } },
];

/** The page with its tables made new. */
export async function renew({ path, tables }: (typeof pages)[number]): Promise<string> {
  let text = readFileSync(join(root, path), 'utf8');
  for (const [name, make] of Object.entries(tables)) {
    const begin = `<!-- made by \`npm run docs\`: ${name} -->`;
    const [before, rest] = text.split(begin);
    const after = rest?.slice(rest.indexOf('<!-- end -->'));
    if (before === undefined || after === undefined)
      throw new Error(`${path} has no place for "${name}"`);
    text = `${before}${begin}\n\n${make()}\n\n${after}`;
  }
  return format(text, prettierOptions);
}

/** A row for each flag. */
function flagTable(flags: Flags): string {
  const rows = Object.entries(flags).map(([name, flag]) => {
    const spellings = [name, ...(flag.aliases ?? [])].map((word) =>
      word.length === 1 ? `\`-${word}\`` : `\`--${word}\``,
    );
    const repeated = flag.isRepeatable === true ? ' (repeatable)' : '';
    const cells = [
      spellings.join(', '),
      flag.value ?? '',
      defaultTextOf(flag),
      flag.help + repeated,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return ['| Flag | Value | Default | Meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

const leaseDurations = [4, 15, 30, 60, 90];

/** What a duration means. The rest follows from it, as on the command line. */
function durationTable(): string {
  const rows = leaseDurations.map((seconds) => {
    const settings = settingsOf(seconds);
    const { leaseDurationMs, renewDeadlineMs, retryPeriodMs, lossGraceMs } = settings;
    const takeOver = [leaseDurationMs - retryPeriodMs, leaseDurationMs].map(formatDuration);
    const polls = 60_000 / (retryPeriodMs * (1 + jitterFactor / 2));
    const cells = [
      `${seconds}s`,
      humanDuration(outageSurvivedMs(settings)),
      humanDuration(renewDeadlineMs),
      takeOver.join(' to '),
      humanDuration(lossGraceMs),
      String(Math.round(60_000 / retryPeriodMs)),
      `1, or ${Math.round(polls)}`,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const heads = [
    'Lease duration',
    'Outage survived',
    'Outage that stops it',
    'Take-over after a crash',
    'Loss grace',
    'Leader, per minute',
    'Standby, per minute',
  ];
  return [`| ${heads.join(' | ')} |`, `|${' --- |'.repeat(heads.length)}`, ...rows].join('\n');
}

/**
 * The outage may begin right before a renewal, one period after the last confirmed one. When the server is back, an attempt may
 * still wait for an answer that never comes, and a pause follows: so close to the deadline, a share of the period.
 */
function outageSurvivedMs(settings: ElectionSettings): number {
  const { renewDeadlineMs, retryPeriodMs } = settings;
  return renewDeadlineMs - (1 + largestShare) * retryPeriodMs - attemptTimeoutMs(settings);
}

function settingsOf(seconds: number): ElectionSettings {
  const words = ['--lock-name', 'x', '--lease-duration', `${seconds}s`, '--', 'true'];
  const line = parseCommandLine(words, {}, { hostname: 'host', uuid: 'uuid', version: '0' });
  if (line.id !== 'run') throw new Error(`A lease duration of ${seconds}s is refused`);
  return line.options.settings;
}

if (process.argv[1] === import.meta.filename) {
  for (const page of pages) writeFileSync(join(root, page.path), await renew(page));
}
