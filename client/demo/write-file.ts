/** Writes one file of the demonstration's data: PATH RUN FIRST-EVENT EVENTS. */
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';

const [path, run, firstEvent, events] = process.argv.slice(2);
await writeDimuonFile(path!, {
  seed: 1 + Number(run),
  run: 119_000 + Number(run),
  firstEvent: Number(firstEvent),
  events: Number(events),
});
