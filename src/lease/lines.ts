/** Cuts a stream of bytes into lines, wherever the network cut it: also in the middle of a character. */
export class LineSplitter {
  readonly #limitBytes: number;
  #parts: Buffer[] = [];
  #size = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** The lines that `chunk` completes, without their ends; null once a line is longer than the limit. */
  push(chunk: Buffer): string[] | null {
    const lines: string[] = [];
    let from = 0;
    for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', from)) {
      if (!this.#add(chunk.subarray(from, end))) return null;
      lines.push(Buffer.concat(this.#parts).toString('utf8'));
      this.#parts = [];
      this.#size = 0;
      from = end + 1;
    }
    return this.#add(chunk.subarray(from)) ? lines : null;
  }

  #add(part: Buffer): boolean {
    this.#size += part.length;
    this.#parts.push(part);
    return this.#size <= this.#limitBytes;
  }
}
