/** What can go wrong on purpose while a ROOT file is written. */
import { GridError } from '../../protocol/errors.js';

/** The file could not be written: full disk, no permission, a folder that is not there. Nothing stands under its final name. */
export class RootWriteError extends GridError {
  readonly code = 'ROOT_WRITE_FAILED';
  constructor(
    readonly path: string,
    what: string,
    options?: ErrorOptions,
  ) {
    super(
      `Could not write ${path}: ${what}. Check the folder and its free space; no file was left under that name.`,
      options,
    );
  }
}

/** Columns or values that no TTree of the asked shape can hold, or calls in an order that makes none. */
export class TreeShapeError extends GridError {
  readonly code = 'ROOT_TREE_SHAPE';
}

/** A histogram whose arrays do not fit its axes. */
export class HistogramShapeError extends GridError {
  readonly code = 'ROOT_HISTOGRAM_SHAPE';
}

/** One record that ROOT's format cannot hold. */
export class RecordTooLargeError extends GridError {
  readonly code = 'ROOT_RECORD_TOO_LARGE';
}

/** A name that no ROOT file can hold, or that readers could not find again. */
export class RootNameError extends GridError {
  readonly code = 'ROOT_BAD_NAME';
}

/** A compression that this machine can read but not write. */
export class NoCompressorError extends GridError {
  readonly code = 'ROOT_NO_COMPRESSOR';
  constructor(method: string, library: string) {
    super(
      `Files with ${method} can only be written with the system's ${library}, which was not found. Choose zlib, zstd or lz4.`,
    );
  }
}
