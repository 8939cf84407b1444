/** A listing that is asked for again and again while somebody looks: not in a tab that is hidden. */
import { useEffect, useState } from 'preact/hooks';
import type { z } from 'zod';
import { ask, TokenWanted } from './server.js';

export interface Polled<T> {
  /** The last answer; undefined: none yet. */
  readonly value: T | undefined;
  /** Why the last try failed; the answer before stays. */
  readonly problem: string | undefined;
}

const EVERY_MS = 2000;
/** A server that takes long for an answer, or has much to tell, is asked less often. */
const TIMES_THE_ANSWER = 10;

/** @param onTokenWanted the server wants a token, or another one: its sentence */
export function usePolled<T>(schema: z.ZodType<T>, path: string, onTokenWanted: (why: string) => void): Polled<T> {
  const [state, setState] = useState<Polled<T>>({ value: undefined, problem: undefined });
  useEffect(() => {
    const over = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isLooking = false;
    const look = async (): Promise<void> => {
      if (isLooking) return; // it goes on by itself
      isLooking = true;
      clearTimeout(timer);
      const began = performance.now();
      if (!document.hidden) {
        try {
          const value = await ask(schema, path, over.signal);
          setState({ value, problem: undefined });
        } catch (error) {
          if (over.signal.aborted) return;
          if (error instanceof TokenWanted) return onTokenWanted(error.message);
          setState((before) => ({ ...before, problem: (error as Error).message }));
        }
      }
      isLooking = false;
      if (!over.signal.aborted)
        timer = setTimeout(look, Math.max(EVERY_MS, TIMES_THE_ANSWER * (performance.now() - began)));
    };
    void look();
    const seen = (): void => void (document.hidden ? undefined : look());
    document.addEventListener('visibilitychange', seen);
    return () => {
      over.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, [path]);
  return state;
}
