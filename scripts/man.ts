/** The man page, from the same description of the flags as the help. */
import { readFileSync } from 'node:fs';
import { type Flag, type Flags, envVarOf } from '../src/cli/flag.ts';
import { type Program, runProgram, subcommands } from '../src/cli/programs.ts';
import { manifestsFlags } from '../src/cli/subcommand-flags.ts';
import { defaultTextOf } from '../src/cli/words.ts';

/** In roff's man macros. */
export function manPage(version: string): string {
  const [synopsis = ''] = runProgram.usage.split('\n');
  const [about = '', ...paragraphs] = runProgram.about.split('\n\n');
  return [
    `.TH LEADER-RUN 1 "" "leader-run ${version}"`,
    '.SH NAME',
    'leader-run \\- run a command only while holding a Kubernetes Lease',
    '.SH SYNOPSIS',
    `.B leader-run\n${escape(synopsis)}`,
    ...Object.values<Program>(subcommands).map(
      ({ name, usage }) => `.br\n.B ${escape(name)}\n${escape(usage)}`,
    ),
    '.SH DESCRIPTION',
    [about, ...paragraphs].map(paragraph).join('\n.PP\n'),
    '.SH OPTIONS',
    optionsOf(runProgram.flags),
    '.SH SUB-COMMANDS',
    ...Object.entries<Program>(subcommands).map(([word, program]) => subcommand(word, program)),
    '.SH ENVIRONMENT',
    paragraph('The command gets the environment of leader-run without its settings, plus:'),
    ...Object.entries(commandVariables()).map(([name, text]) => item(`\\fB${name}\\fR`, text)),
    '.SH EXIT STATUS',
    paragraph(
      "The command's own, or 128 + n if signal n killed it. 75: leadership was lost. 124: not leader in time. 125: leader-run failed. 126 and 127: the command cannot be executed or does not exist.",
    ),
    '.SH SEE ALSO',
    '.BR kubectl (1),\n.BR flock (1)',
    '',
  ].join('\n');
}

function subcommand(word: string, { about, flags, name, usage }: Program): string {
  const shown = word === 'manifests' ? manifestsFlags : flags;
  const [text = '', ...rest] = about.split('\n\n');
  const note = word === 'manifests' ? '\n.PP\nAll options of a run, and:' : '';
  return [
    `.SS ${escape(`${name} ${usage}`)}`,
    [text, ...rest].map(paragraph).join('\n.PP\n') + note,
    optionsOf(shown),
  ].join('\n');
}

function optionsOf(flags: Flags): string {
  const groups = new Set(Object.values(flags).map(({ group }) => group));
  const isAlone = groups.size === 1;
  return [...groups]
    .flatMap((group) => [
      ...(isAlone ? [] : [`.SS ${escape(group)}`]),
      ...Object.entries(flags)
        .filter(([, flag]) => flag.group === group)
        .map(([name, flag]) => option(name, flag)),
    ])
    .join('\n');
}

function option(name: string, flag: Flag): string {
  const words = [...(flag.aliases ?? []).filter((alias) => alias.length === 1), name];
  const spellings = words.map(
    (word) => `\\fB${escape(word.length === 1 ? `-${word}` : `--${word}`)}\\fR`,
  );
  const value = flag.value === undefined ? '' : ` \\fI${escape(flag.value)}\\fR`;
  const fallback = defaultTextOf(flag);
  const help = flag.help.charAt(0).toUpperCase() + flag.help.slice(1);
  const variable = flag.hasVariable === false ? '' : ` Variable: ${envVarOf(name)}.`;
  const byDefault =
    fallback === '' ? '' : fallback === 'required' ? ' Required.' : ` Default: ${fallback}.`;
  return item(`${spellings.join(', ')}${value}`, `${help}.${byDefault}${variable}`);
}

function item(head: string, text: string): string {
  return `.TP\n${head}\n${escape(text)}`;
}

/** What is indented is an example. */
function paragraph(text: string): string {
  return text.startsWith('  ')
    ? `.EX\n${escape(text)}\n.EE`
    : escape(text.replace(/\s*\n\s*/g, ' '));
}

/** "-" would become a hyphen, and what begins with "." or "'" a macro. */
function escape(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/gm, '\\&');
}

/** From the table of docs/reference.md, where people look for them. */
function commandVariables(): Record<string, string> {
  const page = readFileSync(new URL('../docs/reference.md', import.meta.url), 'utf8');
  const rows = page.matchAll(/^\| `(LEADER_RUN_[A-Z_]+)` +\| (.+?) *\|$/gm);
  return Object.fromEntries(
    [...rows].map(([, name = '', text = '']) => [
      name,
      `${text.replace(/\[(.+?)\]\(.*?\)/g, '$1').replaceAll('`', '')}.`,
    ]),
  );
}
