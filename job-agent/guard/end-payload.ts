/**
 * What a guard becomes whose agent did not come back: ends all processes of the payload, then removes its directory.
 * Words: the directory, the value of PROOF_PAYLOAD, `confined` or `open`.
 */
import { rmSync } from 'node:fs';
import { endPayload } from './payload-left.js';

const [directory = '', mark = '', confined = ''] = process.argv.slice(2);
process.title = 'proof-payload-end';
endPayload(directory, { mark: `PROOF_PAYLOAD=${mark}`, isConfined: confined === 'confined' });
rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
