#!/usr/bin/env node
/** The `proof` command: proof.ts with all that it imports in a few files (scripts/bundle.mjs), so that it starts at once. */
import(new URL('../command/proof.js', import.meta.url).href).catch((error: unknown) => {
  process.stderr.write(`proof: The command cannot be loaded: ${String(error)}. Build it again with "npm run build".\n`);
  process.exitCode = 1;
});
