import { Selector } from 'proof-grid';

/**
 * A selection kept event by event: an ntuple for the next step of an analysis, a list of the most energetic events, a counter.
 * Written for uproot-Zmumu.root (tree `events`). With `--output FILE.root` the ntuple becomes a TTree. Units: GeV.
 */
export default class ZNtuple extends Selector {
  override branches = ['Run', 'Event', 'M', 'pt1', 'eta1', 'phi1', 'pt2', 'eta2', 'phi2', 'E1', 'E2'];
  window = { low: Number(this.params.low ?? 80), high: Number(this.params.high ?? 100) };

  selected = this.ntuple('selected', 'Z candidates', {
    run: 'int32',
    event: 'int32',
    m: 'float64',
    deltaPhi: 'float32',
  });
  hottest = this.list<{ run: number; event: number; energy: number }>('hottest', 'Events above 500 GeV');
  candidates = this.counter('candidates', 'In the mass window');

  override process(entry: number): void {
    const c = this.columns;
    const run = c.Run.at(entry);
    const event = c.Event.at(entry);
    const energy = c.E1.at(entry) + c.E2.at(entry);
    if (energy > 500) this.hottest.push({ run, event, energy });
    const m = c.M.at(entry);
    if (m < this.window.low || m > this.window.high) return;
    this.candidates.add();
    this.selected.fill({ run, event, m, deltaPhi: Math.abs(angle(c.phi1.at(entry) - c.phi2.at(entry))) });
  }
}

/** Into [-pi, pi). */
function angle(phi: number): number {
  return phi - 2 * Math.PI * Math.floor((phi + Math.PI) / (2 * Math.PI));
}
