/** Storage elements and distances between sites: what an admin, or the catalog's owner, keeps. */
import { GridError } from '../../protocol/errors.js';
import { AccessDeniedError, BadValueError } from '../errors.js';
import type { Caller } from '../permissions.js';
import { ROOT_ID } from '../store/directory-store.js';
import type { StorageElement } from '../store/element-store.js';
import type { Stores } from '../store/stores.js';
import type { Context } from './context.js';

export class NoSuchElementError extends GridError {
  readonly code = 'CATALOG_NO_SUCH_SE';
}

/** Upkeep is for admins and the owner of `/`. @throws {AccessDeniedError} */
export function requireUpkeep(stores: Stores, caller: Caller): void {
  if (caller.isAdmin || stores.directories.get(ROOT_ID).owner === caller.user) return;
  throw new AccessDeniedError(`Only an admin or the owner of the catalog may do that, not ${caller.user}.`);
}

export function putElement(
  { stores }: Context,
  caller: Caller,
  args: {
    name: string;
    prefix?: string | null | undefined;
    status?: StorageElement['status'] | undefined;
    tags?: readonly string[] | undefined;
  },
): { name: string } {
  requireUpkeep(stores, caller);
  const { name } = args;
  if (!/^[^:\s/]+::[^:\s/]+::[^:\s/]+$/.test(name))
    throw new BadValueError(name, 'name of a storage element', 'that is VO::SITE::NAME');
  const known = stores.elements.named(name);
  stores.elements.put({
    name,
    site: name.split('::')[1]!,
    prefix: args.prefix === undefined ? (known?.prefix ?? null) : args.prefix,
    status: args.status ?? known?.status ?? 'up',
    tags: args.tags ?? known?.tags ?? [],
  });
  return { name };
}

export function dropElement({ stores }: Context, caller: Caller, args: { name: string }): { name: string } {
  requireUpkeep(stores, caller);
  const element = stores.elements.named(args.name);
  if (element === undefined) throw new NoSuchElementError(`There is no storage element ${args.name}.`);
  if (stores.replicas.anyOn(element))
    throw new AccessDeniedError(`${args.name} holds replicas. Set its status to down instead.`);
  stores.elements.drop(args.name);
  return { name: args.name };
}

/** Any measure, smaller is closer; it holds both ways unless the other way is set as well. */
export function setDistance(
  { stores }: Context,
  caller: Caller,
  args: { from: string; to: string; value: number },
): { value: number } {
  requireUpkeep(stores, caller);
  stores.elements.setDistance(args.from, args.to, args.value);
  return { value: args.value };
}
