// rest-handler.ts: answers what is no file, for `millrace serve`: listings, and 404.

import type { FieldValueInput } from '../field-validation.js';
import type { Handler } from '../routes.js';
import type { StaticOptions } from '../static-files.js';
import { decodePath } from './decode-path.js';
import { listingPage } from './listing-page.js';
import { openDirectory, readEntries } from './listing.js';

export interface RestOptions {
  readonly directory: string;
  readonly listing: boolean;
  readonly files: StaticOptions;
}

/** What the page needs is in it; what a name in it could smuggle in is not run. */
const PAGE_FIELDS: Readonly<Record<string, FieldValueInput>> = {
  'Cache-Control': 'no-cache',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

export function restHandler({ directory, listing, files }: RestOptions): Handler {
  const withDotfiles = files.dotfiles === 'allow';
  return async (req, res) => {
    for (const [name, value] of Object.entries(files.headers ?? {})) res.header(name, value);
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      res.header('Allow', 'GET, HEAD');
      if (req.method !== 'OPTIONS') {
        res.status(405).text('Method Not Allowed\n');
        return;
      }
      if (files.headers !== undefined) {
        res.header('Access-Control-Allow-Methods', 'GET, HEAD').header('Access-Control-Allow-Headers', '*');
      }
      res.status(204).end();
      return;
    }
    const asked = decodePath(req.path);
    const found =
      listing && asked?.wantsDirectory === true && (withDotfiles || !asked.hasDotfile)
        ? await openDirectory(directory, asked.path)
        : undefined;
    if (found === undefined) {
      res.status(404).text('Not Found\n');
      return;
    }
    try {
      const entries = await readEntries(found, withDotfiles);
      for (const [name, value] of Object.entries(PAGE_FIELDS)) res.header(name, value);
      res.html(listingPage(asked!.path.toString(), entries));
    } finally {
      await found.handle.close();
    }
  };
}
