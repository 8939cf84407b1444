import { Selector } from 'proof-grid';

/**
 * Muons of variable number: spectra, all pairs of opposite charge, isolation against momentum, and a cut flow.
 * Written for uproot-HZZ.root (tree `events`). Units: GeV. `--param minPt=10` moves the cut.
 */
export default class HzzMuons extends Selector {
  override branches = ['Muon_Px', 'Muon_Py', 'Muon_Pz', 'Muon_E', 'Muon_Charge', 'Muon_Iso', 'EventWeight'];
  minPt = Number(this.params.minPt ?? 5);

  pt = this.h1('muon_pt', 'Muons;p_{T} [GeV];muons', 100, 0, 200);
  mass = this.h1('dimuon_mass', 'Opposite-charge pairs;m_{#mu#mu} [GeV];pairs', 120, 0, 120);
  plane = this.h2('mass_pt', 'Pairs;m [GeV];p_{T} [GeV];pairs', 60, 0, 120, 50, 0, 200);
  isolation = this.profile('isolation', 'Mean isolation;p_{T} [GeV];isolation', [0, 5, 10, 20, 40, 80, 160]);
  cutFlow = this.object(
    'cut_flow',
    () => new Map<string, number>(),
    (into, other) => {
      for (const [cut, n] of other) into.set(cut, (into.get(cut) ?? 0) + n);
    },
  );

  override process(entry: number): void {
    const c = this.columns;
    const weight = c.EventWeight.at(entry);
    const n = c.Muon_Px.count(entry);
    this.#passed('all');
    if (n > 0) this.#passed('a muon');
    if (n > 1) this.#passed('two muons');
    for (let i = 0; i < n; i++) {
      const pt = this.#pt(entry, i);
      this.pt.fill(pt, weight);
      this.isolation.fill(pt, c.Muon_Iso.at(entry, i), weight);
      if (pt < this.minPt) continue;
      for (let j = i + 1; j < n; j++)
        if (this.#pt(entry, j) >= this.minPt && c.Muon_Charge.at(entry, i) * c.Muon_Charge.at(entry, j) < 0)
          this.#fillPair(entry, { i, j, weight });
    }
  }

  #pt(entry: number, i: number): number {
    return Math.hypot(this.columns.Muon_Px.at(entry, i), this.columns.Muon_Py.at(entry, i));
  }

  #fillPair(entry: number, { i, j, weight }: { i: number; j: number; weight: number }): void {
    const c = this.columns;
    const px = c.Muon_Px.at(entry, i) + c.Muon_Px.at(entry, j);
    const py = c.Muon_Py.at(entry, i) + c.Muon_Py.at(entry, j);
    const pz = c.Muon_Pz.at(entry, i) + c.Muon_Pz.at(entry, j);
    const e = c.Muon_E.at(entry, i) + c.Muon_E.at(entry, j);
    const mass = Math.sqrt(Math.max(0, e * e - px * px - py * py - pz * pz));
    this.mass.fill(mass, weight);
    this.plane.fill(mass, Math.hypot(px, py), weight);
  }

  #passed(cut: string): void {
    const flow = this.cutFlow.value;
    flow.set(cut, (flow.get(cut) ?? 0) + 1);
  }
}
