/** What a picture does not show, in one line below it. */

/** `shaded: 2 bins NaN or infinite`; nothing of what there are none. */
export function plotNote(
  parts: readonly (readonly [how: string, count: number, what: 'bin' | 'mean', which: string])[],
): string {
  return parts
    .filter(([, count]) => count > 0)
    .map(([how, count, what, which]) => `${how}: ${count} ${what}${count === 1 ? '' : 's'} ${which}`)
    .join('; ');
}
