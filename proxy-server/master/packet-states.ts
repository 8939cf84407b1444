/** A packet of a query: a range of entries of one file, what became of it, and every legal change of that. */
import { GridError } from '../../protocol/errors.js';

export type PacketState = 'waiting' | 'assigned' | 'committed' | 'failed' | 'missing' | 'split';
export type PacketEvent = 'assign' | 'giveBack' | 'commit' | 'setAside' | 'lose' | 'split';

/** Every legal move. `assign` of an assigned packet is a duplicate; `giveBack` stands for the last hand that let it go. */
export const PACKET_MOVES: Record<PacketState, Partial<Record<PacketEvent, PacketState>>> = {
  waiting: { assign: 'assigned', setAside: 'failed', lose: 'missing', split: 'split' },
  assigned: { assign: 'assigned', giveBack: 'waiting', commit: 'committed' },
  committed: {},
  failed: {},
  missing: {},
  split: {},
};

/** A move that the table does not have: a bug of the caller. */
export class PacketMoveError extends GridError {
  readonly code = 'MASTER_PACKET_MOVE';
  constructor(packet: LedgerPacket, event: PacketEvent) {
    const known = Object.keys(PACKET_MOVES[packet.state]).join(', ') || 'nothing';
    super(`Packet ${packet.id} is ${packet.state} and cannot take "${event}" (it can take ${known}).`);
  }
}

/** As in the message packetFailed; killed: the worker died while it ran the packet. */
export type FailureCause = 'user' | 'data' | 'file' | 'limit' | 'program' | 'killed';

export interface PacketFailure {
  readonly worker: string;
  readonly cause: FailureCause;
  readonly entry: number | null;
  readonly error: { readonly code: string; readonly message: string; readonly stack?: string | undefined };
  /** The last that the worker printed. */
  readonly output?: string | undefined;
}

export interface Hand {
  readonly worker: string;
  readonly attempt: number;
  /** It may commit the beginning of the packet alone. */
  readonly mayEndEarly: boolean;
}

export interface LedgerPacket {
  readonly id: number;
  /** Position of its file in the data set. */
  readonly file: number;
  readonly first: number;
  readonly end: number;
  readonly state: PacketState;
  readonly hands: readonly Hand[];
  readonly failures: readonly PacketFailure[];
  /** Cut out of a packet that failed: it is known that something in its neighbourhood fails. */
  readonly suspect: boolean;
  /** Committed up to `end`, which was further away when it was given out. */
  readonly endedEarly: boolean;
}
