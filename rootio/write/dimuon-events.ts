/**
 * Toy dimuon events for the demonstration and for tests: Z bosons over a falling continuum, with J/psi and Upsilon, seen by a
 * detector of a few per cent resolution. Momenta in GeV. Event e of a seed is the same in whatever file it lies.
 *
 * Masses and widths: Particle Data Group, Review of Particle Physics. The rest is plausible rather than measured.
 */
import { CounterRandom } from './counter-random.js';

export interface DimuonColumns {
  /** Transverse momentum [GeV], pseudorapidity, azimuth [rad, in (-pi, pi]], charge; muon 1 is the harder one. */
  readonly mu1_pt: Float32Array;
  readonly mu1_eta: Float32Array;
  readonly mu1_phi: Float32Array;
  readonly mu1_charge: Int32Array;
  readonly mu2_pt: Float32Array;
  readonly mu2_eta: Float32Array;
  readonly mu2_phi: Float32Array;
  readonly mu2_charge: Int32Array;
  /** About 1. */
  readonly weight: Float32Array;
  readonly run: Int32Array;
  readonly event: BigInt64Array;
}

export function emptyDimuonColumns(events: number): DimuonColumns {
  const floats = () => new Float32Array(events);
  const ints = () => new Int32Array(events);
  return {
    mu1_pt: floats(),
    mu1_eta: floats(),
    mu1_phi: floats(),
    mu1_charge: ints(),
    mu2_pt: floats(),
    mu2_eta: floats(),
    mu2_phi: floats(),
    mu2_charge: ints(),
    weight: floats(),
    run: ints(),
    event: new BigInt64Array(events),
  };
}

const Z = { mass: 91.1876, width: 2.4952 };
const JPSI_MASS = 3.0969;
const UPSILON_MASSES = [9.4604, 10.0234, 10.3551] as const;
/** The spectrometer: where it sees muons, and from which transverse momentum on. */
const MAX_ETA = 2.4;
const MIN_PT = 3;
/** Relative resolution of the momentum at eta 0 and at its edge: 1.8 GeV of the Z's mass. */
const RESOLUTION = { centre: 0.022, edge: 0.034 };
/** Shares of the processes; the rest is continuum. */
const SHARES = { z: 0.62, jpsi: 0.05, upsilon: 0.04 };
/** Pairs of the continuum that come from two different decays: half of them have equal charges. */
const UNRELATED_PAIRS = 0.2;
const CONTINUUM = { min: 12, max: 400, slope: 2.6 };

/** A muon pair before the detector: mass [GeV], and the scale of the pair's transverse momentum. */
interface Source {
  mass: number;
  ptScale: number;
  sameCharge: boolean;
}

export class DimuonGenerator {
  readonly #random: CounterRandom;
  readonly #source: Source = { mass: 0, ptScale: 0, sameCharge: false };
  /** pt, eta, phi of the two muons of the event at hand. */
  readonly #muons = new Float64Array(6);

  constructor(seed: number) {
    this.#random = new CounterRandom(seed);
  }

  /** Fills the first `count` places of `columns` with events firstEvent, firstEvent + 1, ... */
  fill(columns: DimuonColumns, run: number, firstEvent: number, count: number): void {
    const random = this.#random;
    const muons = this.#muons;
    for (let i = 0; i < count; i++) {
      random.start(firstEvent + i);
      this.#chooseSource();
      while (!this.#decay());
      const [first, second] = muons[0]! >= muons[3]! ? [0, 3] : [3, 0];
      columns.mu1_pt[i] = muons[first]!;
      columns.mu1_eta[i] = muons[first + 1]!;
      columns.mu1_phi[i] = muons[first + 2]!;
      columns.mu2_pt[i] = muons[second]!;
      columns.mu2_eta[i] = muons[second + 1]!;
      columns.mu2_phi[i] = muons[second + 2]!;
      const charge = random.uniform() < 0.5 ? 1 : -1;
      columns.mu1_charge[i] = charge;
      columns.mu2_charge[i] = this.#source.sameCharge ? charge : -charge;
      columns.weight[i] = Math.max(0.2, 1 + 0.1 * random.normal());
      columns.run[i] = run;
      columns.event[i] = BigInt(firstEvent + i);
    }
  }

  #chooseSource(): void {
    const random = this.#random;
    const source = this.#source;
    const which = random.uniform();
    source.sameCharge = false;
    if (which < SHARES.z) {
      // Breit-Wigner, cut where it no longer means anything.
      do source.mass = Z.mass + (Z.width / 2) * Math.tan(Math.PI * (random.uniform() - 0.5));
      while (source.mass < 40 || source.mass > 200);
      source.ptScale = 9;
    } else if (which < SHARES.z + SHARES.jpsi) {
      source.mass = JPSI_MASS;
      source.ptScale = 12;
    } else if (which < SHARES.z + SHARES.jpsi + SHARES.upsilon) {
      const state = random.uniform();
      source.mass = UPSILON_MASSES[state < 0.65 ? 0 : state < 0.88 ? 1 : 2];
      source.ptScale = 10;
    } else {
      // dN/dm falls as m^-slope: inverse of its integral.
      const { min, max, slope } = CONTINUUM;
      const power = 1 - slope;
      source.mass = (min ** power + random.uniform() * (max ** power - min ** power)) ** (1 / power);
      source.ptScale = 7;
      source.sameCharge = random.uniform() < UNRELATED_PAIRS / 2;
    }
  }

  /** Lets the pair decay and the detector see it. @returns false where it missed the detector: draw again */
  #decay(): boolean {
    const random = this.#random;
    const { mass, ptScale } = this.#source;
    // dN/dpt = pt / (1 + (pt/scale)^2)^2.5: inverse of its integral.
    const pt = ptScale * Math.sqrt(random.uniform() ** (-1 / 1.5) - 1);
    const rapidity = 1.5 * random.normal();
    const azimuth = Math.PI * (2 * random.uniform() - 1);
    // 1 + cos^2 of the decay angle, as a vector particle has it.
    let cosine: number;
    do cosine = 2 * random.uniform() - 1;
    while (2 * random.uniform() > 1 + cosine * cosine);
    const sine = Math.sqrt(1 - cosine * cosine);
    const turn = Math.PI * (2 * random.uniform() - 1);
    // In the pair's rest frame, x along its transverse flight; then boosted along x, muons taken as massless.
    const energy = mass / 2;
    const along = energy * sine * Math.cos(turn);
    const across = energy * sine * Math.sin(turn);
    const gamma = Math.sqrt(mass * mass + pt * pt) / mass;
    for (const sign of [1, -1] as const) {
      const x = gamma * sign * along + (pt / mass) * energy;
      const y = sign * across;
      if (
        !this.#detect(
          sign === 1 ? 0 : 3,
          Math.sqrt(x * x + y * y),
          sign * energy * cosine,
          rapidity,
          azimuth + Math.atan2(y, x),
        )
      )
        return false;
    }
    return true;
  }

  /** Boost along the beam shifts the pseudorapidity of a massless particle; the detector smears its momentum. */
  #detect(at: number, pt: number, pz: number, rapidity: number, azimuth: number): boolean {
    const eta = Math.asinh(pz / pt) + rapidity;
    if (!(Math.abs(eta) < MAX_ETA)) return false;
    const { centre, edge } = RESOLUTION;
    const seen = pt * (1 + (centre + ((edge - centre) * Math.abs(eta)) / MAX_ETA) * this.#random.normal());
    this.#muons[at] = seen;
    this.#muons[at + 1] = eta;
    this.#muons[at + 2] =
      azimuth > Math.PI ? azimuth - 2 * Math.PI : azimuth <= -Math.PI ? azimuth + 2 * Math.PI : azimuth;
    return seen > MIN_PT;
  }
}
