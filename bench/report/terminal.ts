// terminal.ts: colours and the progress line, both only where somebody is looking.

export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

const CODES: Readonly<Record<Colour, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
};

const CLEAR_LINE = '\r\x1b[2K';

export class Terminal {
  readonly #stream: NodeJS.WriteStream;
  readonly #colours: boolean;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    // https://no-color.org
    this.#colours = stream.isTTY && !process.env['NO_COLOR'];
  }

  paint(text: string, ...colours: readonly Colour[]): string {
    if (!this.#colours) return text;
    return colours.reduce(
      (inner, colour) => `\x1b[${CODES[colour][0]}m${inner}\x1b[${CODES[colour][1]}m`,
      text,
    );
  }

  print(line = ''): void {
    this.#stream.write(`${this.#stream.isTTY ? CLEAR_LINE : ''}${line}\n`);
  }

  /** Overwritten by what is written next; a file or a pipe does not get it. */
  progress(line: string): void {
    if (this.#stream.isTTY) this.#stream.write(CLEAR_LINE + this.paint(line, 'dim'));
  }
}
