/**
 * What is left of a slot on this machine: worker processes (and what user code started) carry the slot's name in their environment.
 * A worker ends by itself when its agent dies, but not while user code keeps it in a loop; a batch system would clear the slot, and so
 * does a site of type local.
 */
import { readdir, readFile } from 'node:fs/promises';
import { sendSignal } from '../../protocol/process-id.js';

/** Kills every process of this user whose environment says PROOF_SLOT=`slot`. Without /proc nothing is found. */
export async function endSlot(slot: string): Promise<void> {
  const names = await readdir('/proc').catch(() => []);
  await Promise.all(
    names
      .filter((name) => /^\d+$/.test(name))
      .map(async (name) => {
        const environment = await readFile(`/proc/${name}/environ`, 'utf8').catch(() => ''); // another user's, or just gone
        if (environment.split('\0').includes(`PROOF_SLOT=${slot}`)) sendSignal(Number(name), 'SIGKILL');
      }),
  );
}
