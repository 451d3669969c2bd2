// write-report.ts: the folder of a report: the page, the summary, and the figures that both are made from.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CannotRun } from '../cannot-run.js';
import { type Figures, formatFigures, parseFigures } from '../figures.js';
import { pageOf } from './html/page.js';
import { summaryOf } from './summary.js';

/** Made from the figures as they are read back: from the file comes the same report. Returns the page. */
export function writeReport(folder: string, measured: Figures): string {
  const figures = parseFigures(formatFigures(measured), 'the figures of this run');
  const page = join(folder, 'index.html');
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'figures.json'), formatFigures(figures));
    writeFileSync(join(folder, 'summary.md'), summaryOf(figures));
    writeFileSync(page, pageOf(figures));
  } catch (error) {
    throw new CannotRun(`the report cannot be written to ${folder}: ${(error as Error).message}`);
  }
  return page;
}
