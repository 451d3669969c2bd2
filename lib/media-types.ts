// media-types.ts: which Content-Type a file's name stands for.

import otherTypes from 'mime/types/other.js';
import standardTypes from 'mime/types/standard.js';

import { binding, type NativeMediaTypes } from './binding.js';

/** The extension without its dot, in lower case, and the Content-Type. */
export type MediaTypeEntry = readonly [extension: string, mediaType: string];

/** Text is taken for UTF-8; other types say themselves how they are to be read. */
function withCharset(mediaType: string): string {
  return mediaType.startsWith('text/') ? `${mediaType}; charset=utf-8` : mediaType;
}

let table: NativeMediaTypes | undefined;

/** All extensions that are known; made once, and shared by all servers of this thread. */
export function mediaTypes(): NativeMediaTypes {
  return (table ??= binding().makeMediaTypes(entries()));
}

/** Those of registered types last: they count. */
function entries(): readonly MediaTypeEntry[] {
  const all: MediaTypeEntry[] = [];
  for (const types of [otherTypes, standardTypes] as readonly Record<string, readonly string[]>[]) {
    for (const [mediaType, extensions] of Object.entries(types)) {
      // The asterisk marks an extension that belongs to another type in the first place.
      for (const extension of extensions.filter((name) => !name.startsWith('*'))) {
        all.push([extension, withCharset(mediaType)]);
      }
    }
  }
  return all;
}
