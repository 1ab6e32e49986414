/** Takes from a program what only debuggers and linkers read. */

const sizes = { header: 64, programHeader: 56 } as const;
const loaded = 1;

/**
 * Cuts the symbol tables and the table of sections from the end of a 64-bit little-endian ELF file: what a system loads is named by
 * its program headers, and comes first. Unlike strip(1) it is one and the same for all architectures.
 */
export function stripElf(file: Buffer): Buffer {
  if (file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1)
    throw new Error('Cannot strip what is not a 64-bit little-endian ELF file');
  const offset = Number(file.readBigUInt64LE(32));
  const count = file.readUInt16LE(56);
  let end: number = sizes.header;
  for (let number = 0; number < count; number += 1) {
    const at = offset + number * sizes.programHeader;
    if (file.readUInt32LE(at) !== loaded) continue;
    end = Math.max(end, Number(file.readBigUInt64LE(at + 8) + file.readBigUInt64LE(at + 32)));
  }
  const stripped = Buffer.from(file.subarray(0, end));
  // e_shoff, e_shnum and e_shstrndx of elf.h: there are no sections.
  stripped.writeBigUInt64LE(0n, 40);
  stripped.writeUInt16LE(0, 60);
  stripped.writeUInt16LE(0, 62);
  return stripped;
}
