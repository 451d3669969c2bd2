// readme.ts: the part of the README that is the summary of the report.

import { CannotRun } from '../cannot-run.js';

const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

/** What stands between the marks; null where there are none. @throws CannotRun where only one of them is there. */
export function blockIn(readme: string): string | null {
  const place = findBlock(readme);
  return place === null ? null : readme.slice(place.from, place.to).trim();
}

/** @throws CannotRun where the marks are missing. */
export function replaceBlock(readme: string, summary: string): string {
  const place = findBlock(readme);
  if (place === null) throw new CannotRun(`README.md has no place for it: ${BEGIN} and ${END}`);
  return `${readme.slice(0, place.from)}\n\n${summary.trim()}\n\n${readme.slice(place.to)}`;
}

/** Between the marks. */
function findBlock(readme: string): { from: number; to: number } | null {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin < 0 && end < 0) return null;
  if (begin < 0 || end < begin) throw new CannotRun(`README.md needs ${BEGIN} and, after it, ${END}`);
  return { from: begin + BEGIN.length, to: end };
}
