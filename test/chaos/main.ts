/** `npm run chaos -- --minutes 30 --seed N`: prints each fault as it comes and the report at the end; exit status 1 where something differs. */
import { parseArgs } from 'node:util';
import { runChaos } from './run-chaos.js';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, seed: { type: 'string', default: '1' } },
});
const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
  console.error('usage: npm run chaos -- --minutes M --seed N');
  process.exit(2);
}
const report = await runChaos({ seed, minutes }, (line) => console.log(line));
console.log(JSON.stringify(report, null, 2));
process.exit(report.differences.length === 0 ? 0 : 1);
