import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Writes `lines` lines of 100 bytes to stderr and then says on stdout that it is through. */
const program = `
  import { openStderr } from ${JSON.stringify(join(import.meta.dirname, '../../src/cli/stderr.ts'))};
  const write = openStderr();
  for (let at = 0; at < Number(process.argv[2]); at += 1) write(String(at).padStart(99, '.') + '\\n');
  process.stdout.write('through');
  process.exit(7);
`;

let folder: string;
let script: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'leader-run-stderr-'));
  script = join(folder, 'write.cjs');
  const stdin = { contents: program, resolveDir: import.meta.dirname, loader: 'ts' } as const;
  buildSync({ stdin, bundle: true, platform: 'node', format: 'cjs', outfile: script });
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Waits for "through" and the exit status. */
async function outcome(child: ChildProcess): Promise<string> {
  let said = '';
  child.stdout?.on('data', (data) => (said += String(data)));
  const [code] = (await once(child, 'close')) as [number | null];
  return `${said} ${code}`;
}

describe('openStderr', () => {
  it('has written every line when the process exits', async () => {
    const child = spawn(process.execPath, [script, '300'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let read = '';
    child.stderr.on('data', (data) => (read += String(data)));
    expect(await outcome(child)).toBe('through 7');
    expect(read.split('\n')).toHaveLength(301);
  });

  it('does not wait for the reader of a full pipe', async () => {
    const pipe = join(folder, 'pipe');
    // The shell holds the reading end open and never reads: 100,000 bytes are more than a pipe takes.
    const holder = 'mkfifo "$2"; exec 3<>"$2"; "$0" "$1" 1000 2>"$2" 3<&-; exit $?';
    const child = spawn('sh', ['-c', holder, process.execPath, script, pipe], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    expect(await outcome(child)).toBe('through 7');
  });

  it('survives a closed pipe', async () => {
    const child = spawn(process.execPath, [script, '1000'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stderr.destroy();
    expect(await outcome(child)).toBe('through 7');
  });

  it('writes between the lines of others in a file', async () => {
    const file = join(folder, 'log');
    const line = '{ echo before; "$0" "$1" 2 >&2; echo; echo after; } >"$2" 2>&1';
    const child = spawn('sh', ['-c', line, process.execPath, script, file], { stdio: 'ignore' });
    await once(child, 'close');
    expect(readFileSync(file, 'utf8').replaceAll('.', '')).toBe('before\n0\n1\nthrough\nafter\n');
  });
});
