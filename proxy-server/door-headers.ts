/** Which headers go on with a request that is handed through, and with its answer (RFC 9110, 7.6.1). Pure. */
import type { OutgoingHttpHeaders } from 'node:http';

/** They belong to one connection; its other end makes its own. `expect` was answered here. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** @param rawHeaders name, value, name, value …, as they came */
export function headersThrough(rawHeaders: readonly string[]): OutgoingHttpHeaders {
  const pairs: (readonly [name: string, value: string])[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) pairs.push([rawHeaders[i]!.toLowerCase(), rawHeaders[i + 1]!]);
  const named = pairs.filter(([name]) => name === 'connection').flatMap(([, value]) => value.toLowerCase().split(','));
  const dropped = new Set([...HOP_BY_HOP, ...named.map((name) => name.trim())]);
  const through = Object.create(null) as Record<string, string | string[]>; // a name may be one of Object's own
  for (const [name, value] of pairs) {
    if (dropped.has(name)) continue;
    const earlier = through[name];
    through[name] = earlier === undefined ? value : [earlier, value].flat();
  }
  return through;
}

/** @param host of the other end: what it was called here is nothing to it */
export function requestHeaders(rawHeaders: readonly string[], host: string): OutgoingHttpHeaders {
  const isChunked = rawHeaders.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'transfer-encoding');
  // Without it a body of unknown length would follow a GET as a request of its own.
  return { ...headersThrough(rawHeaders), host, ...(isChunked ? { 'transfer-encoding': 'chunked' } : {}) };
}
