// list.ts: all designs, as an aligned table.

import { type Cell, printRow } from '../report/table.js';
import type { Terminal } from '../report/terminal.js';
import { whyUnavailable } from './availability.js';
import type { Design, Kind } from './design.js';
import { OPTION_RULES, type OptionName } from './options.js';

const TITLES: Readonly<Record<Kind, string>> = {
  javascript: 'pure JavaScript',
  native: 'C++ without Node',
  millrace: 'millrace',
  peer: 'others, where they are installed',
};

const GAP = 2;

export function printDesigns(terminal: Terminal, designs: readonly Design[]): void {
  const columns = [{ width: widest(designs.map(({ name }) => name)) + GAP, align: 'left' as const }];
  terminal.print('npm run design -- NAME [--OPTION NUMBER...] runs one of these:');
  for (const kind of Object.keys(TITLES) as Kind[]) {
    terminal.print();
    terminal.print(terminal.paint(TITLES[kind], 'bold'));
    for (const design of designs.filter((one) => one.kind === kind))
      printRow(terminal, [...columns, { width: 0, align: 'left' }], cellsOf(design));
  }
  printOptions(terminal, designs);
}

function cellsOf(design: Design): Cell[] {
  const reason = whyUnavailable(design);
  if (reason === null) return [{ text: design.name }, { text: design.description }];
  return [
    { text: design.name, colours: ['dim'] },
    { text: reason, colours: ['yellow'] },
  ];
}

function printOptions(terminal: Terminal, designs: readonly Design[]): void {
  const names = Object.keys(OPTION_RULES) as OptionName[];
  const columns = [{ width: widest(names) + '--'.length + GAP, align: 'left' as const }];
  terminal.print();
  terminal.print(terminal.paint('options', 'bold'));
  for (const name of names) {
    const { preset, description } = OPTION_RULES[name];
    const takers = designs.filter(({ options }) => options.includes(name));
    const whose =
      takers.length === designs.length ? '' : ` (${takers.map((design) => design.name).join(', ')})`;
    const text = `${description}; ${preset} unless said otherwise${whose}`;
    printRow(terminal, [...columns, { width: 0, align: 'left' }], [{ text: `--${name}` }, { text }]);
  }
}

function widest(texts: readonly string[]): number {
  return Math.max(...texts.map(({ length }) => length));
}
