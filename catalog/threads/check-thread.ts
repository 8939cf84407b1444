/** Entry of the thread that checks the database once. */
import { parentPort, workerData } from 'node:worker_threads';
import { checkDatabase } from '../store/upkeep.js';

const { databasePath } = workerData as { databasePath: string };
try {
  parentPort!.postMessage(checkDatabase(databasePath));
} catch (error) {
  parentPort!.postMessage({ isSound: false, problems: [(error as Error).message] });
}
