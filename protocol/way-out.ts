/** The variables that tell the way out (proxied.ts), for a thread or process that gets no others. */
const NAMES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()]);

export const wayOutOf = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => name === 'PROOF_TUNNEL' || NAMES.includes(name)));
