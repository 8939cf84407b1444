/** What the queries of a chaos run run: outputs of every kind that is merged, random numbers, one of them slow. */
const body = (work: number, more: string): string => `
import { Selector } from 'proof-grid';
export default class Chaos extends Selector {
  override branches = ['mu1_pt', 'mu2_pt', 'weight'];
  pt = this.h1('pt', 'pt', 60, 0, 200);
  dice = this.h1('dice', 'dice', 50, 0, 1);
  map = this.h2('map', 'map', 20, 0, 100, 20, 0, 100);
  mean = this.profile('mean', 'mean', 30, 0, 100);
  n = this.counter('n');
  ${more === '' ? '' : "rows = this.list('rows');"}
  override process(entry: number): void {
    const c = this.columns;
    let x = 0;
    for (let i = 0; i < ${work}; i++) x += Math.sin(i + entry);
    this.pt.fill(c.mu1_pt.at(entry), x === 0 ? 2 : c.weight.at(entry) / 3);
    this.dice.fill(this.random.uniform(), 0.1);
    this.map.fill(c.mu1_pt.at(entry), c.mu2_pt.at(entry), 1 / 7);
    this.mean.fill(c.mu1_pt.at(entry), this.random.gauss(1, 2));
    this.n.add(1);
    ${more}
  }
}
`;

export const PROGRAMS: Readonly<Record<string, string>> = {
  quick: body(100, ''),
  slow: body(2_500, ''),
  rows: body(
    600,
    'if (entry % 997 === 0) this.rows.push({ entry, pt: c.mu1_pt.at(entry), r: this.random.integer(1000) });',
  ),
};
