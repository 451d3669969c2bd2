// table.ts: aligned columns. Cells are padded before they are coloured, so that colours do not move them.

import type { Colour, Terminal } from './terminal.js';

export interface Column {
  readonly width: number;
  readonly align?: 'left';
}

export interface Cell {
  readonly text: string;
  readonly colours?: readonly Colour[];
}

const INDENT = '  ';

export function printRow(terminal: Terminal, columns: readonly Column[], cells: readonly Cell[]): void {
  const row = columns.map(({ width, align }, i) => {
    const { text = '', colours = [] } = cells[i] ?? {};
    return terminal.paint(align === 'left' ? text.padEnd(width) : text.padStart(width), ...colours);
  });
  terminal.print((INDENT + row.join('')).trimEnd());
}
