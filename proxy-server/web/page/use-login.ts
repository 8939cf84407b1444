/** Who looks, at which server; and a token, where the server wants one. */
import { useEffect, useState } from 'preact/hooks';
import { serverInfo, whoami } from '../../../protocol/api.js';
import { ask, ServerAway, TokenWanted, token } from './server.js';
import type { Who } from './views.js';

export interface Login {
  /** Of the server; '' as long as it has not said. */
  readonly name: string;
  readonly user: Who | undefined;
  /** The server wants a token, or another one: its sentence. */
  readonly wanted: string | undefined;
  readonly problem: string | undefined;
  readonly leave: (why: string) => void;
  readonly take: (token: string) => void;
}

export function useLogin(): Login {
  const [name, setName] = useState('');
  const [user, setUser] = useState<Who>();
  const [wanted, setWanted] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const [tries, setTries] = useState(0);
  useEffect(() => {
    const told = (error: Error): void => {
      if (error instanceof TokenWanted) setWanted(error.message);
      else setProblem(error instanceof ServerAway ? `${error.message} Load the page again.` : error.message);
    };
    ask(serverInfo, 'info').then((info) => setName(info.name), told);
    ask(whoami, 'whoami').then((found) => {
      setUser(found);
      setWanted(undefined);
      setProblem(undefined);
    }, told);
  }, [tries]);
  const leave = (why: string): void => {
    token.forget();
    setUser(undefined);
    setWanted(why);
  };
  const take = (text: string): void => {
    token.set(text);
    setTries(tries + 1);
  };
  return { name, user, wanted, problem, leave, take };
}
