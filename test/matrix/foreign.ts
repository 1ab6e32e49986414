/** Programs for arm64 on a machine that is not: qemu runs them, and each program that they start. */
import { spawnSync } from 'node:child_process';

const emulator = 'qemu-aarch64-static';
const table = '/proc/sys/fs/binfmt_misc';

/** In which programs of another architecture are announced to the kernel. Since Linux 6.7 that needs nothing of the machine's. */
export const foreignNamespace = ['--user', '--map-root-user'];

const [none, all] = ['\\x00', '\\xff'];
/** How such a program begins, and which bits of that count: elf.h. `F` opens qemu at once, as the chroot has none. */
const entry = [
  ...['', 'arm64', 'M', ''],
  `\\x7fELF\\x02\\x01\\x01${none.repeat(9)}\\x02${none}\\xb7${none}`,
  `${all.repeat(7)}${none}${all.repeat(8)}\\xfe${all.repeat(3)}`,
  ...[`/usr/bin/${emulator}`, 'F'],
].join(':');

/** For sh, in that namespace and one of mounts. */
export const announceForeign = `mount -t binfmt_misc none ${table}
echo '${entry}' >${table}/register`;

/** Why this machine cannot run them. */
export function whyNoForeign(): string | undefined {
  if (process.arch === 'arm64') return 'this machine is arm64 itself';
  const { status } = spawnSync('unshare', [
    ...foreignNamespace,
    ...['--mount', 'sh', '-ec', announceForeign],
  ]);
  return status === 0 ? undefined : `${emulator} cannot be registered: qemu-user-static, Linux 6.7`;
}
