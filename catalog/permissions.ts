/** Who may do what: POSIX owner, group and other bits; an admin may do everything. Pure. */
export interface Caller {
  readonly user: string;
  readonly groups: readonly string[];
  readonly isAdmin: boolean;
}

export interface Owned {
  readonly owner: string;
  readonly group: string;
  readonly mode: number;
}

export type Access = 'read' | 'write' | 'enter';
const BIT: Record<Access, number> = { read: 4, write: 2, enter: 1 };
/** On a directory: only its owner and a file's owner may remove or rename the file. */
export const STICKY = 0o1000;

export function mayAccess(caller: Caller, node: Owned, access: Access): boolean {
  if (caller.isAdmin) return true;
  const bit = BIT[access];
  if (caller.user === node.owner) return (node.mode & (bit << 6)) !== 0;
  if (caller.groups.includes(node.group)) return (node.mode & (bit << 3)) !== 0;
  return (node.mode & bit) !== 0;
}

/** May this entry of the directory be removed or renamed, given that the directory may be written? */
export function mayUnlink(caller: Caller, directory: Owned, entry: Owned): boolean {
  if ((directory.mode & STICKY) === 0 || caller.isAdmin) return true;
  return caller.user === entry.owner || caller.user === directory.owner;
}

export function isOwner(caller: Caller, node: Owned): boolean {
  return caller.isAdmin || caller.user === node.owner;
}
