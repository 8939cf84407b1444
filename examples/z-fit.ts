import { Selector } from 'proof-grid';

/**
 * What `terminate` is for: the merged histogram is fitted on the client, and a normalised copy is added to the outputs.
 * Momenta are smeared with random numbers that depend on `--seed` and the entry alone, so that the answer can be had again.
 * Written for uproot-Zmumu.root (tree `events`). `--param resolution=0.02` smears by 2 %. Units: GeV.
 */
export default class ZFit extends Selector {
  override branches = ['M'];
  resolution = Number(this.params.resolution ?? 0);

  mass = this.h1('mass', 'Dimuon mass;m [GeV];events', 80, 70, 110);
  fit = this.list<{ mean: number; sigma: number; events: number }>('fit', 'Peak, by iterated moments');

  override process(entry: number): void {
    const smearing = this.resolution > 0 ? this.random.gauss(1, this.resolution) : 1;
    this.mass.fill(this.columns.M.at(entry) * smearing);
  }

  override terminate(): void {
    let peak = { mean: this.mass.mean(), sigma: this.mass.stdDev(), events: this.mass.integral() };
    for (let i = 0; i < 20; i++) peak = this.#moments(peak.mean - 1.5 * peak.sigma, peak.mean + 1.5 * peak.sigma);
    this.fit.items.push(peak);

    const shape = this.h1('shape', 'Normalised to one;m [GeV];1 / bin', 80, 70, 110);
    for (let bin = 1; bin <= this.mass.nbins; bin++)
      shape.setBinContent(bin, this.mass.binContent(bin), this.mass.binError(bin));
    if (peak.events > 0) shape.scale(1 / this.mass.integral());
  }

  /** Mean and spread of the bins whose centres lie in [low, high]. */
  #moments(low: number, high: number): { mean: number; sigma: number; events: number } {
    let [events, first, second] = [0, 0, 0];
    for (let bin = 1; bin <= this.mass.nbins; bin++) {
      const m = this.mass.binCenter(bin);
      if (m < low || m > high) continue;
      const n = this.mass.binContent(bin);
      events += n;
      first += n * m;
      second += n * m * m;
    }
    const mean = first / events;
    return { mean, sigma: Math.sqrt(second / events - mean * mean), events };
  }
}
