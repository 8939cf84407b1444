/** Branches that need streamer infos: whole objects, collections of objects, maps and pointers, through JSROOT. */
import type { ObjectStreamer, StreamerElement, ValueReader } from '../jsroot/structure.js';
import { type Branch, isElementMember } from './branch.js';
import type { ColumnShape } from './branch-columns.js';
import { ObjectLoader } from './object-loader.js';

export function objectColumn(
  branch: Branch,
  element: StreamerElement | undefined,
  streamer: ObjectStreamer,
  typeName: string,
): ColumnShape {
  const read = valueReader(branch, element, streamer);
  const shownType = typeName === '' ? branch.className : typeName;
  if (read === undefined)
    return { kind: 'unreadable', typeName: shownType, why: 'the file does not say how it was written' };
  return { kind: 'object', typeName: shownType, newLoader: () => new ObjectLoader(streamer, read) };
}

function valueReader(
  branch: Branch,
  element: StreamerElement | undefined,
  streamer: ObjectStreamer,
): ValueReader | undefined {
  if (branch.className === 'TBranchObject') return branch.leaves[0]?.isVirtual === true ? streamer.named() : undefined;
  if (element !== undefined)
    return isElementMember(branch) ? streamer.elementMembers(element.raw) : streamer.member(element.raw);
  const own = branch.element;
  if (own === undefined || own.className === '' || isElementMember(branch)) return undefined;
  if (/^(std::)?(vector|list|deque|set|multiset|map|multimap|bitset|unordered_\w+)</.test(own.className))
    return streamer.typed(own.className);
  return streamer.members(own.className, own.classVersion, own.checksum);
}
