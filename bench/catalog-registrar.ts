/** A thread that registers a list, so that whoever measures look-ups meanwhile is not busy with making it. */
import { Readable } from 'node:stream';
import { parentPort, workerData } from 'node:worker_threads';
import { ProofGrid } from '../catalog/grid/proof-grid.js';
import { fileName, lines } from './catalog-names.js';

const { url, end } = workerData as { url: string; end: number };
const grid = new ProofGrid(url);
await grid.bulk(Readable.from(lines(0, end, (i) => fileName(i).replace('/2009/', '/2010/'))));
await grid.close();
parentPort!.postMessage('done');
