/** Who answers a signal of this process: of all that would, the one that came last (a query inside a session inside the prompt). */

type Act = (signal: NodeJS.Signals) => void;

const waiting = new Map<NodeJS.Signals, Act[]>();

/** `act` alone answers these signals, until the function that comes back is called; then whoever did before. */
export function answerSignals(signals: readonly NodeJS.Signals[], act: Act): () => void {
  for (const signal of signals) {
    const line = waiting.get(signal) ?? [];
    waiting.set(signal, line);
    if (line.length === 0) process.on(signal, tellLast);
    line.push(act);
  }
  return () => {
    for (const signal of signals) {
      const line = waiting.get(signal) ?? [];
      const at = line.lastIndexOf(act);
      if (at >= 0) line.splice(at, 1);
      if (line.length === 0) process.off(signal, tellLast);
    }
  };
}

function tellLast(signal: NodeJS.Signals): void {
  waiting.get(signal)?.at(-1)?.(signal);
}
