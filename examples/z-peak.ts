import { Selector } from 'proof-grid';

/** Opposite-charge dimuon mass. Units: GeV. */
export default class ZPeak extends Selector {
  override branches = [
    'mu1_pt',
    'mu1_eta',
    'mu1_phi',
    'mu1_charge',
    'mu2_pt',
    'mu2_eta',
    'mu2_phi',
    'mu2_charge',
    'weight',
  ];
  mass = this.h1('mass', 'Dimuon mass;m [GeV];events', 120, 60, 120);

  override process(entry: number): void {
    const c = this.columns;
    if (c.mu1_charge.at(entry) * c.mu2_charge.at(entry) >= 0) return;
    const m = Math.sqrt(
      2 *
        c.mu1_pt.at(entry) *
        c.mu2_pt.at(entry) *
        (Math.cosh(c.mu1_eta.at(entry) - c.mu2_eta.at(entry)) - Math.cos(c.mu1_phi.at(entry) - c.mu2_phi.at(entry))),
    );
    this.mass.fill(m, c.weight.at(entry));
  }
}
