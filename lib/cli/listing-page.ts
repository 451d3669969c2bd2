// listing-page.ts: the page that shows what is in a directory.

import { percentEncode } from '../percent-encoding.js';
import type { Entries, Entry } from './listing.js';

/** Everything but what RFC 3986 §2.3 leaves as it is. */
const RESERVED = /[^A-Za-z0-9._~-]/gu;

const STYLE = `
:root { color-scheme: light dark; --text: #1d2430; --dim: #667085; --link: #0b5cad; --line: #e4e7ec; --over: #f3f6fa; --page: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e9ee; --dim: #98a2b3; --link: #7cc0ff; --line: #2b313b; --over: #1e242d; --page: #14181e; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
h1 { margin: 0 0 1rem; font-size: 1.25rem; font-weight: 600; overflow-wrap: anywhere; }
h1 a { padding: 0 .1rem; }
h1 span { color: var(--dim); font-weight: 400; }
a { color: var(--link); text-decoration: none; }
a:hover, a:focus-visible { text-decoration: underline; }
table { width: 100%; border-collapse: collapse; }
th { font-size: .8125rem; font-weight: 500; color: var(--dim); text-align: left; }
th, td { padding: .45rem .6rem; border-bottom: 1px solid var(--line); vertical-align: baseline; }
tbody tr:hover { background: var(--over); }
td:first-child { overflow-wrap: anywhere; }
td:nth-child(n + 2), th:nth-child(n + 2) { width: 1%; white-space: nowrap; text-align: right; color: var(--dim); font-variant-numeric: tabular-nums; }
.dir a { font-weight: 600; }
p { color: var(--dim); }
@media (max-width: 34rem) {
  main { padding: 1.25rem .75rem 2rem; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { display: flex; flex-wrap: wrap; justify-content: space-between; padding: .55rem .25rem; border-bottom: 1px solid var(--line); }
  td { padding: 0; border: 0; font-size: .8125rem; }
  td:first-child { flex: 0 0 100%; font-size: 1rem; }
  td:first-child a { display: block; }
  td:nth-child(n + 2) { width: auto; }
  td:last-child { margin-left: auto; }
}
`.trim();

/** `path`: below the root, decoded. */
export function listingPage(path: string, { entries, left }: Entries): string {
  const segments = path === '' ? [] : path.split('/');
  const title = `/${segments.map((name) => `${name}/`).join('')}`;
  const parent = segments.length === 0 ? '' : row('dir', '../', 'Parent directory', '', '');
  const rows = entries.map((entry) => rowOf(entry)).join('');
  const notes = [
    ...(entries.length === 0 ? ['Nothing is in here.'] : []),
    ...(left > 0 ? [`And ${left} more, which are not shown.`] : []),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Index of ${showName(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1><span>Index of</span> ${breadcrumbs(segments)}</h1>
<table>
<thead><tr><th>Name</th><th>Size</th><th>Modified (UTC)</th></tr></thead>
<tbody>
${parent}${rows}</tbody>
</table>
${notes.map((note) => `<p>${note}</p>\n`).join('')}</main>
</body>
</html>
`;
}

/** Each part of the path is a link to its directory. */
function breadcrumbs(segments: readonly string[]): string {
  const links = segments.map((name, index) => {
    const up = '../'.repeat(segments.length - 1 - index);
    const shown = `<bdi>${showName(name)}</bdi>`;
    return index === segments.length - 1 ? `${shown}/` : `<a href="${up}">${shown}</a>/`;
  });
  const top = segments.length === 0 ? '/' : `<a href="${'../'.repeat(segments.length)}">/</a>`;
  return top + links.join('');
}

function rowOf({ name, isDirectory, size, modified }: Entry): string {
  const slash = isDirectory ? '/' : '';
  const date = dateText(modified);
  // "./": a name with a colon is no scheme.
  return row(
    isDirectory ? 'dir' : '',
    `./${encodeName(name)}${slash}`,
    `<bdi>${showName(name.toString())}</bdi>${slash}`,
    isDirectory ? '' : `<span title="${size} bytes">${sizeText(size)}</span>`,
    date === undefined
      ? ''
      : `<time datetime="${date}" title="${date}">${date.slice(0, -8).replace('T', ' ')}</time>`,
  );
}

/** Undefined: a time that some file systems have, and JavaScript does not. */
function dateText(date: Date): string | undefined {
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** All but the last two are HTML already. */
function row(kind: string, href: string, name: string, size: string, date: string): string {
  const open = kind === '' ? '<tr>' : `<tr class="${kind}">`;
  return `${open}<td><a href="${href}">${name}</a></td><td>${size}</td><td>${date}</td></tr>\n`;
}

function encodeName(name: Buffer): string {
  const isText = Buffer.from(name.toString()).equals(name);
  if (isText) return percentEncode(name.toString(), RESERVED);
  // No UTF-8: byte by byte.
  return name.toString('latin1').replaceAll(RESERVED, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}

const KIB = 1024;
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

export function sizeText(bytes: number): string {
  let size = bytes;
  let unit = 0;
  // Not 1024.0 KiB, which 1023.95 and more would become.
  while (size >= KIB - 0.05 && unit < UNITS.length - 1 && (unit > 0 || size >= KIB)) {
    size /= KIB;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${UNITS[unit]!}`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Marks that change the direction of text would let exe.jpg be shown for gpj.exe. */
const DIRECTION_MARKS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function showName(text: string): string {
  return text
    .replaceAll(DIRECTION_MARKS, '\ufffd')
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
}
