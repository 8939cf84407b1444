/** What an agent keeps for the process that comes after it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentState } from '../../../job-agent/agent-state.js';
import { parseProcessName, processLine } from '../../../job-agent/guard/program-files.js';
import { readSettings } from '../../../job-agent/settings.js';
import { startTimeOf } from '../../../protocol/process-id.js';

const IDENTITY = { agentId: 'a1', token: 't', slot: 'p1' };
const GONE = processLine({ pid: 2 ** 30, start: '1' });

describe('job-agent: state directory', () => {
  let folder: string;
  let state: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-state-'));
    state = join(folder, 'state');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const modes = (): string[] =>
    readdirSync(state).map((name) => (statSync(join(state, name)).mode & 0o777).toString(8));

  it('names the agent that lives, and tells the next one which there was', () => {
    expect(AgentState.open(state).former).to.equal(undefined);
    const owner = parseProcessName(readFileSync(join(state, 'owner'), 'utf8'));
    expect(owner).to.deep.equal({ pid: process.pid, start: startTimeOf(process.pid) });
    writeFileSync(join(state, 'owner'), GONE);
    expect(AgentState.open(state).former).to.deep.equal({ pid: 2 ** 30, start: '1' });
  });

  it('is for one agent at a time', () => {
    AgentState.open(state);
    writeFileSync(join(state, 'owner'), processLine({ pid: process.ppid, start: startTimeOf(process.ppid)! }));
    expect(() => AgentState.open(state)).to.throw(`Process ${process.ppid} is an agent`);
    writeFileSync(join(state, 'owner'), processLine({ pid: process.ppid, start: '1' })); // its id was given again
    expect(() => AgentState.open(state)).not.to.throw();
  });

  it('that cannot be one is refused with the reason', () => {
    writeFileSync(state, '');
    expect(() => AgentState.open(state)).to.throw('cannot use its state directory: EEXIST');
  });

  it('keeps an identity for its account alone, and nothing after an end in order', () => {
    const before = AgentState.open(state);
    expect(before.identity()).to.equal(undefined);
    before.keepIdentity(IDENTITY);
    expect(AgentState.open(state).identity()).to.deep.equal(IDENTITY);
    expect(statSync(state).mode & 0o777).to.equal(0o700);
    expect(new Set(modes())).to.deep.equal(new Set(['600']));
    writeFileSync(join(state, 'agent.json'), '{"agentId":');
    expect(AgentState.open(state).identity()).to.equal(undefined);
    before.end();
    expect(readdirSync(state)).to.deep.equal([]);
  });

  it("keeps a pilot's settings, and its secret only until that is used", () => {
    const file = join(folder, 'agent.json');
    writeFileSync(file, JSON.stringify({ server: 'http://a:1', site: 'S', pilotId: 'p1', secret: 's' }));
    const env = { PROOF_SETTINGS: file, PROOF_STATE_DIR: state };
    expect(readSettings([], env)).to.deep.include({ secret: 's', stateDir: state });
    expect(readdirSync(folder)).to.deep.equal(['state']);
    expect(readSettings([], env)).to.deep.include({ secret: 's', pilotId: 'p1' });
    AgentState.open(state).keepIdentity(IDENTITY);
    expect(readSettings([], env)).to.deep.include({ secret: '', pilotId: 'p1' });
    expect(new Set(modes())).to.deep.equal(new Set(['600']));
  });
});
