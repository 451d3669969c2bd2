// profile-report.ts: a profile as people read it.

import { type Column, printRow } from '../report/table.js';
import type { Terminal } from '../report/terminal.js';
import type { InstructionCount } from './callgrind.js';
import type { HeavyFunction } from './perf.js';
import type { ThreadCpu } from './thread-cpu.js';

const HEAVIEST = 10;
/** Threads with less than this have nothing to do with requests. */
const SMALLEST_SHARE = 0.001;

const FIGURE: Column = { width: 12 };
const NAMES: readonly Column[] = [{ width: 28, align: 'left' }];
const FUNCTION_COLUMNS: readonly Column[] = [
  { width: 8 },
  { width: 2 },
  { width: 18, align: 'left' },
  { width: 0, align: 'left' },
];

/** Templates and parameters say little, and are longer than any line. */
const LONGEST_NAME = 88;

export function reportCpu(
  terminal: Terminal,
  threads: readonly ThreadCpu[],
  requests: number,
  requestsPerSecond: number,
): void {
  const total = sumOf(threads.map(({ totalUs }) => totalUs));
  heading(terminal, `CPU of a request, at ${whole(requestsPerSecond)} requests/s`);
  const columns = [...NAMES, FIGURE, FIGURE, FIGURE, FIGURE];
  printRow(terminal, columns, head('', 'µs', 'of all', 'user', 'kernel'));
  for (const { name, totalUs, userUs, systemUs } of threads) {
    if (totalUs < total * SMALLEST_SHARE) continue;
    const ticks = userUs + systemUs;
    const ofThread = (us: number): string => (ticks > 0 ? percent(us / ticks) : '–');
    const figures = [(totalUs / requests).toFixed(2), percent(totalUs / total)];
    printRow(terminal, columns, cells(name, ...figures, ofThread(userUs), ofThread(systemUs)));
  }
  printRow(terminal, columns, cells('all threads', (total / requests).toFixed(2), '100 %'));
  terminal.print();
}

export function reportFunctions(terminal: Terminal, functions: readonly HeavyFunction[]): void {
  heading(terminal, 'Where the time goes, by perf');
  for (const { share, thread, name } of functions.slice(0, HEAVIEST))
    printRow(terminal, FUNCTION_COLUMNS, cells(percent(share), '', thread, shortened(name)));
  terminal.print();
}

export function reportInstructions(terminal: Terminal, { threads, requests }: InstructionCount): void {
  heading(
    terminal,
    `Instructions of a request outside of the kernel, by callgrind, ${whole(requests)} requests`,
  );
  const total = sumOf(threads.map((thread) => thread.total));
  for (const thread of threads.filter((some) => some.total > total * SMALLEST_SHARE))
    printRow(terminal, [...NAMES, FIGURE], cells(thread.thread, whole(thread.total)));
  printRow(terminal, [...NAMES, FIGURE], cells('all threads', whole(total)));
  terminal.print();
  const functions = threads.flatMap(({ thread, byFunction }) =>
    [...byFunction].map(([name, count]) => ({ thread, name, count })),
  );
  functions.sort((a, b) => b.count - a.count);
  for (const { thread, name, count } of functions.slice(0, HEAVIEST))
    printRow(terminal, FUNCTION_COLUMNS, cells(whole(count), '', thread, shortened(name)));
  terminal.print();
}

export function reportMissing(terminal: Terminal, what: string, why: string): void {
  terminal.print(terminal.paint(`no ${what}: ${why}`, 'yellow'));
  terminal.print();
}

function heading(terminal: Terminal, text: string): void {
  terminal.print(terminal.paint(text, 'bold'));
}

function head(...texts: readonly string[]): { text: string; colours: readonly ['dim'] }[] {
  return texts.map((text) => ({ text, colours: ['dim'] }));
}

function cells(...texts: readonly string[]): { text: string }[] {
  return texts.map((text) => ({ text }));
}

/** Functions of JavaScript are `name (file)`, those of C++ have types of which nothing is to be seen here. */
export function shortened(name: string): string {
  const [, plain = name, kernel = ''] = /^(.*?)( \[kernel\])?$/.exec(name) ?? [];
  const isScript = / \([^ ]*\)$/.test(plain);
  const short = (isScript ? plain : withoutTypes(plain)) + kernel;
  return short.length > LONGEST_NAME ? `${short.slice(0, LONGEST_NAME - 1)}…` : short;
}

/** "Status millrace::Parser::parse<Scan>(char const*) const [/path]" is "Parser::parse". */
function withoutTypes(name: string): string {
  let text = name.replace(/ \[(?:\/|clone )[^\]]*\]/g, '').replaceAll('(anonymous namespace)::', '');
  for (const nested of [/<[^<>]*>/g, /\([^()]*\)/g]) {
    for (let before = ''; before !== text;) {
      before = text;
      text = text.replace(nested, '');
    }
  }
  const words = text
    .replace(/ const$/, '')
    .trim()
    .split(' ');
  return (words.at(-1) ?? name).replace(/^millrace::/, '') || name;
}

function sumOf(figures: readonly number[]): number {
  return figures.reduce((sum, figure) => sum + figure, 0);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function whole(figure: number): string {
  return Math.round(figure).toLocaleString('en');
}
