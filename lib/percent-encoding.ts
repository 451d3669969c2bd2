// percent-encoding.ts: percent-encodes what may not stand in a URI as it is (RFC 3986 §2.1).

/**
 * Replaces what `forbidden` matches by its UTF-8 bytes, each as `%` and two upper-case digits (RFC 3986 §2.1).
 * Half a surrogate pair becomes U+FFFD, as in browsers.
 * @param forbidden - Has the flags `g` and `u`.
 */
export function percentEncode(text: string, forbidden: RegExp): string {
  return text.replace(forbidden, (characters) => {
    let encoded = '';
    for (const byte of Buffer.from(characters)) {
      encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    }
    return encoded;
  });
}

/** Decodes a value out of a path. What is not valid percent-encoded UTF-8 is returned as it is, never an error. */
export function percentDecode(text: string): string {
  if (!text.includes('%')) return text; // most values; much cheaper than the call
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
