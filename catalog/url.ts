/** URLs as they are compared. */

/** `file:/x` and `file:///x` are the same place. */
export function normalUrl(url: string): string {
  return /^file:\/(?!\/)/i.test(url) ? `file://${url.slice(5)}` : url;
}
