// destinations.ts: where a run's figures go: looked at before it begins, since it takes minutes.

import { accessSync, constants, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CannotRun } from '../cannot-run.js';

export interface Destinations {
  /** `-` is stdout; null: nowhere. */
  readonly json: string | null;
  /** The folder of the report, which need not be there yet. */
  readonly report: string;
}

/** Touches nothing. @throws CannotRun where one of them cannot be written. */
export function checkDestinations({ json, report }: Destinations): void {
  if (json !== null && json !== '-') checkFile('--json', resolve(json));
  checkFolder(resolve(report));
}

/** @throws CannotRun */
export function writeText(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new CannotRun(`${file} cannot be written: ${(error as Error).message}`);
  }
}

function checkFile(option: string, file: string): void {
  const isThere = kindOf(file);
  if (isThere === 'folder') throw new CannotRun(`${option} takes a file, and ${file} is a folder`);
  const folder = dirname(file);
  if (isThere === null && kindOf(folder) !== 'folder')
    throw new CannotRun(`${option} cannot write ${file}: there is no folder ${folder}`);
  checkWritable(`${option} cannot write ${file}`, isThere === null ? folder : file);
}

/** What is missing of its path is made when the report is written. */
function checkFolder(report: string): void {
  let folder = report;
  while (kindOf(folder) === null && folder !== dirname(folder)) folder = dirname(folder);
  if (kindOf(folder) !== 'folder')
    throw new CannotRun(`--report takes a folder, and ${folder} is something else`);
  checkWritable(`--report cannot write to ${report}`, folder);
}

function kindOf(path: string): 'folder' | 'file' | null {
  const found = statOf(path);
  if (!found) return null;
  return found.isDirectory() ? 'folder' : 'file';
}

function statOf(path: string): ReturnType<typeof statSync> {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // A part of the path is no folder, or may not be entered.
    return undefined;
  }
}

function checkWritable(what: string, path: string): void {
  try {
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw new CannotRun(`${what}: ${(error as Error).message}`);
  }
}
