/**
 * The portable zstd, for reading and writing. It is started once a process: a second `init` swaps the module's memory under
 * whoever already uses it, and what is compressed in between is silently not the data.
 */
import { createRequire } from 'node:module';

type ZstdWasm = typeof import('@bokuweb/zstd-wasm');

/** Node's import of this CommonJS package loses names; `require` gives what its types say. */
const require = createRequire(import.meta.url);

let started: Promise<ZstdWasm> | undefined;

export function zstdWasm(): Promise<ZstdWasm> {
  started ??= start();
  return started;
}

async function start(): Promise<ZstdWasm> {
  const zstd = require('@bokuweb/zstd-wasm') as ZstdWasm;
  await zstd.init();
  return zstd;
}
