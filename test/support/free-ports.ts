/** Ports for daemons that cannot be told to take any. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const LOWEST = 10_240;

/**
 * Ports that are free now, and that the kernel gives to nobody who asks for any: they lie below those from which it takes the ends of outgoing
 * connections (ip(7), ip_local_port_range), so that they are still free when the daemon comes.
 */
export async function freePorts(n: number): Promise<number[]> {
  const [ephemeral = 32_768] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split('\t').map(Number);
  const end = ephemeral > LOWEST + 1000 ? ephemeral : 65_536;
  const found = new Set<number>();
  while (found.size < n) {
    const port = LOWEST + Math.floor(Math.random() * (end - LOWEST));
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port), 'listening');
  } catch {
    return false;
  }
  await once(server.close(), 'close');
  return true;
}
