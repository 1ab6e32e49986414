import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { openShell } from '../fixtures/pty.ts';

test('a command that was stopped before leader-run came to watch it gives the terminal back too', async () => {
  const watcher = resolve(import.meta.dirname, 'fixtures/late-watcher.ts');
  const terminal = await openShell();
  terminal.type(`${process.execPath} --import tsx ${watcher}\r`);

  await terminal.screen.until(/Stopped/);
  terminal.type('fg\r');

  await terminal.screen.until(/continued/);
  await terminal.screen.until(/\$ $/);
  expect(terminal.screen.text.match(/continued/g)).toHaveLength(1);
});
