/**
 * Which agents are let in, and as whom: one that comes back with the token of its welcome, a pilot with its one-time secret (bound to its id and
 * site), one that was started by hand with a token of role agent (or, under development authentication, with nothing at all).
 */
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { AgentMessage } from '../protocol/agent-messages.js';
import type { Clock } from '../protocol/clock.js';
import { GridError } from '../protocol/errors.js';
import type { Identity } from '../protocol/tokens.js';
import { commonVersion } from '../protocol/version.js';
import type { AgentStore } from './agent-store.js';
import { may } from './authorization.js';
import type { Gate } from './identity.js';
import type { PilotStore } from './pilot-store.js';

/** The agent is not let in: why. It ends, and the factory goes on without it. */
export class AgentRefusedError extends GridError {
  readonly code = 'PROXY_AGENT_REFUSED';
}

export type Hello = Extract<AgentMessage, { type: 'hello' }>;

export interface Admitted {
  readonly agentId: string;
  readonly pilotId: string | null;
  readonly token: string;
  readonly isNew: boolean;
  /** Whose token let it in, where it is no pilot. */
  readonly identity?: Identity;
}

export interface AgentAdmissionOptions {
  readonly clock: Clock;
  readonly pilots: PilotStore;
  readonly agents: AgentStore;
  readonly gate: Gate;
  /** A pilot's welcome was lost, and it comes a second time: its first identity is void. */
  readonly onVoid: (agentId: string) => void;
}

export class AgentAdmission {
  readonly #options: AgentAdmissionOptions;
  constructor(options: AgentAdmissionOptions) {
    this.#options = options;
  }

  /** @throws {AgentRefusedError | GridError} */
  async admit(hello: Hello, headers: IncomingHttpHeaders): Promise<Admitted> {
    commonVersion(hello);
    if (hello.agentId !== null) return this.#again(hello.agentId, hello.secret);
    if (hello.pilotId !== null) return this.#pilot(hello.pilotId, hello);
    const given = hello.secret === '' ? headers : { ...headers, authorization: `Bearer ${hello.secret}` };
    const identity = await this.#options.gate.identify({ headers: given });
    if (!may(identity, 'agent.register'))
      throw new AgentRefusedError(`An agent needs a token of the role agent; this one has the role ${identity.role}.`);
    return { ...this.#newAgent(hello, null), identity };
  }

  #again(agentId: string, token: string): Admitted {
    const { agents, clock } = this.#options;
    const known = agents.recognize(agentId, token, clock.date().getTime());
    if (known === undefined)
      throw new AgentRefusedError(
        `Agent ${agentId} is not known here (any more): it was given up, or its token is wrong.`,
      );
    return { agentId, pilotId: known.pilotId, token, isNew: false };
  }

  #pilot(pilotId: string, hello: Hello): Admitted {
    const { pilots, onVoid } = this.#options;
    const pilot = pilots.get(pilotId);
    if (pilot === undefined || pilot.state === 'gone' || !pilots.isSecretOf(pilotId, hello.secret))
      throw new AgentRefusedError(`Pilot ${pilotId} is not expected: its secret is wrong or used, or it was given up.`);
    if (pilot.site !== hello.node.site)
      throw new AgentRefusedError(`Pilot ${pilotId} was sent to site ${pilot.site}, not to ${hello.node.site}.`);
    if (pilot.agentId !== null) onVoid(pilot.agentId);
    return this.#newAgent(hello, pilotId);
  }

  #newAgent(hello: Hello, pilotId: string | null): Admitted {
    const { agents, clock } = this.#options;
    const agentId = `a${randomBytes(6).toString('hex')}`;
    const token = randomBytes(32).toString('base64url');
    agents.add({ agentId, pilotId, site: hello.node.site, token }, clock.date().getTime());
    return { agentId, pilotId, token, isNew: true };
  }
}
