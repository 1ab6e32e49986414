/** An exec plugin that asks a person to log in, in a terminal: before there is a token the terminal is the plugin's, then the command's. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { execCredential } from '../fixtures/api/exec-plugin.ts';
import { writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { startTlsFront } from '../fixtures/api/tls-front.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { createCommand, ctrlC, openShell, openTerminal } from '../fixtures/pty.ts';
import { leaderRun, sandbox } from './rig.ts';
import { line, quiet } from './terminal-rig.ts';

describe.each(['IfAvailable', 'Always'])('with interactiveMode %s', (interactiveMode) => {
  it.each(['leading the session', 'as a job of a shell'])('%s', async (how) => {
    const env = { KUBECONFIG: await kubeconfigThatAsks(interactiveMode) };
    const command = await createCommand(['SIGINT']);
    const terminal =
      how === 'leading the session'
        ? openTerminal(leaderRun, [...quiet, '--', ...command.words], env)
        : await openShell(env);
    if (how === 'as a job of a shell') terminal.type(`${line(command.words)}\r`);

    await terminal.screen.until(/Code of \/dev\/pts\/\d+: /);
    terminal.type('4711\r');
    const { says } = await command.started;

    terminal.type(ctrlC);
    await says.until(/got SIGINT 1/);
  });
});

it('with interactiveMode Never it is not asked, and what the plugin said is seen', async () => {
  const env = { KUBECONFIG: await kubeconfigThatAsks('Never') };
  const terminal = openTerminal(leaderRun, [...quiet, '--', 'true'], env);
  await terminal.screen.until(/Code of not a tty: /);

  expect(await terminal.ended).toBe(125);
  expect(terminal.screen.text).toMatch(/exec plugin ".*plugin" exited with 3/);
});

/** The plugin has no token for whoever does not know the code. */
async function kubeconfigThatAsks(interactiveMode: string): Promise<string> {
  const { url, token } = await sandbox();
  const plugin = join(temporaryFolder(), 'plugin');
  const credential = execCredential({ token });
  writeFileSync(
    plugin,
    `#!/bin/sh
printf 'Code of %s: ' "$(tty)" >&2
read -r code && [ "$code" = 4711 ] || exit 3
printf '%s' '${credential}'
`,
  );
  chmodSync(plugin, 0o755);
  const apiVersion = 'client.authentication.k8s.io/v1';
  const cluster = await startTlsFront(Number(new URL(url).port));
  return writeKubeconfig(cluster, { exec: { apiVersion, command: plugin, interactiveMode } });
}
