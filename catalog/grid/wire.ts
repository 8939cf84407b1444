/** The catalog's HTTP API, version 1: shapes of bodies and answers, shared by server and client. Errors are `{ code, message }`. */
import { z } from 'zod';
import { entryPairs, friendSet } from '../../protocol/entry-list.js';

export const API_VERSION = 'v1';
/** Names in one look-up or registration call; longer lists go in several, or through the bulk call. */
export const MAX_BATCH = 10_000;
/** Header that names the user under development authentication. */
export const USER_HEADER = 'x-proof-user';

/** Answered to everybody, whoever asks. */
export const OPEN_ROUTES: ReadonlySet<string> = new Set(['/v1/info', '/v1/openapi.json']);

const bytes = z.number().int().min(0);
const name = z.string().max(16_000);
/** A number of entries: whole, not negative. */
const entryCount = z.number().int().min(0);

export const replicaShape = z.object({ url: z.string(), se: z.string().nullable(), site: z.string().nullable() });
export const gridFileShape = z.object({
  lfn: z.string(),
  size: z.number().nullable(),
  checksum: z.string().nullable(),
  entries: z.number().nullable(),
  tree: z.string().nullable(),
  replicas: z.array(replicaShape).readonly(),
  /** In a data set: the entries of it, as pairs first, end. */
  selected: z.array(z.number()).readonly().nullable().optional(),
});
export const lookupBody = z.object({ lfns: z.array(name).max(MAX_BATCH), site: z.string().optional() });
export const lookupAnswer = z.object({ files: z.array(gridFileShape.nullable()) });

export const newFileShape = z.object({
  lfn: name,
  size: bytes.optional(),
  checksum: z.string().max(200).optional(),
  guid: z.string().max(40).optional(),
  entries: entryCount.optional(),
  tree: z.string().max(1000).optional(),
  replicas: z
    .array(z.object({ url: z.string().max(8000), se: z.string().max(200).optional() }))
    .max(100)
    .default([]),
  /** The file is a member of an archive that is registered already. */
  member: z.object({ archive: name, name: z.string().min(1).max(1000) }).optional(),
});
export const registerBody = z.object({ files: z.array(newFileShape).max(MAX_BATCH) });
export const failureShape = z.object({
  index: z.number().int(),
  lfn: z.string(),
  code: z.string(),
  message: z.string(),
});
export const registerAnswer = z.object({
  registered: z.number().int(),
  updated: z.number().int(),
  unchanged: z.number().int(),
  failed: z.array(failureShape),
});
export type RegisterAnswer = z.infer<typeof registerAnswer>;

export const bulkAnswer = registerAnswer.extend({
  skipped: z.number().int(),
  failures: z.number().int(),
});
export type BulkAnswer = z.infer<typeof bulkAnswer>;

export const learnBody = z.object({
  facts: z
    .array(
      z.object({
        lfn: name,
        tree: z.string().max(1000),
        entries: entryCount,
        isOnlyTree: z.boolean().default(false).describe('the file holds no other tree'),
      }),
    )
    .max(MAX_BATCH),
});
export const learnAnswer = z.object({ learnt: z.number().int() });

export const entryShape = z.object({
  path: z.string(),
  type: z.enum(['file', 'directory', 'collection', 'link']),
  owner: z.string(),
  group: z.string(),
  mode: z.number().int(),
  size: z.number().nullable(),
  modified: z.string(),
});
export const listAnswer = z.object({ entries: z.array(entryShape), next: z.string().nullable() });
export const statAnswer = entryShape.extend({
  created: z.string(),
  guid: z.string().nullable(),
  checksum: z.string().nullable(),
  entries: z.number().nullable(),
  tree: z.string().nullable(),
  replicas: z.number().int(),
  archive: z.string().nullable(),
  member: z.string().nullable(),
});
export type StatAnswer = z.infer<typeof statAnswer>;
export const whereisAnswer = z.object({
  lfn: z.string(),
  replicas: z
    .array(replicaShape.extend({ status: z.enum(['good', 'bad', 'down']), tags: z.array(z.string()).readonly() }))
    .readonly(),
});
export type WhereisAnswer = z.infer<typeof whereisAnswer>;

export const mkdirBody = z.object({ path: name, parents: z.boolean().default(false) });
export const rmBody = z.object({ path: name, recursive: z.boolean().default(false) });
export const mvBody = z.object({ from: name, to: name });
export const chmodBody = z.object({
  path: name,
  mode: z.number().int().min(0).max(0o7777),
  recursive: z.boolean().default(false),
});
export const chownBody = z.object({
  path: name,
  owner: z.string().min(1).max(100).optional(),
  group: z.string().min(1).max(100).optional(),
  recursive: z.boolean().default(false),
});
export const touchBody = z.object({ path: name });
export const replicaBody = z.object({ lfn: name, url: z.string().max(8000), to: z.enum(['bad', 'good', 'removed']) });

const tagValue = z.union([z.string().max(4000), z.number(), z.boolean()]);
const tagType = z.enum(['int', 'float', 'string', 'bool', 'time']);
const tagNames = z.array(z.string().max(200)).min(1).max(1000);
export const setTagsBody = z.object({
  items: z.array(z.object({ path: name, values: z.record(z.string(), tagValue) })).max(MAX_BATCH),
});
export const removeTagsBody = z.object({ path: name, names: tagNames });
export const defineTagsBody = z.object({ path: name, tags: z.record(z.string(), tagType) });
export const tagsAnswer = z.object({
  path: z.string(),
  tags: z.array(z.object({ name: z.string(), type: tagType, value: tagValue.nullable(), from: z.string() })),
});

export const newMemberShape = z.object({
  lfn: name.optional(),
  set: name.optional(),
  url: z.string().max(8000).optional(),
  tree: z.string().max(1000).optional(),
  entries: entryCount.optional(),
  size: bytes.optional(),
  /** Of its entries only these: pairs first, end. */
  selected: entryPairs.optional(),
});
export type NewMember = z.infer<typeof newMemberShape>;
export const setBody = z.object({
  name,
  how: z.enum(['create', 'add', 'replace']),
  members: z.array(newMemberShape).max(1_000_000).default([]),
  tree: z.string().max(1000).nullable().optional(),
  access: z.enum(['any', 'local', 'remote', 'cache']).optional(),
  comment: z.string().max(10_000).optional(),
  friends: z.array(friendSet).max(100).optional(),
});
export const setChanged = z.object({ path: z.string(), version: z.number().int(), added: z.number().int() });
export const verifiedBody = z.object({
  name,
  found: z.array(
    z.object({
      position: z.number().int().min(0),
      state: z.enum(['ok', 'missing', 'corrupt']),
      entries: entryCount.optional(),
      size: bytes.optional(),
      tree: z.string().max(1000).optional(),
    }),
  ),
});
const memberShape = z.object({
  position: z.number().int(),
  name: z.string(),
  kind: z.enum(['file', 'collection', 'url', 'missing']),
  tree: z.string().nullable(),
  entries: z.number().nullable(),
  size: z.number().nullable(),
  state: z.string().nullable(),
  selected: z.number().nullable().default(null),
});
export const setAnswer = z.object({
  path: z.string(),
  version: z.number().int(),
  versions: z.array(z.object({ version: z.number().int(), frozen: z.string().nullable() })).readonly(),
  frozen: z.string().nullable(),
  tree: z.string().nullable(),
  access: z.string(),
  comment: z.string(),
  owner: z.string(),
  friends: z.array(friendSet).readonly().default([]),
  files: z.number().int(),
  entries: z.number().nullable(),
  size: z.number().nullable(),
  members: z.array(memberShape).readonly(),
});
export type SetAnswer = z.infer<typeof setAnswer>;
export const setFilesAnswer = z.object({
  files: z.array(gridFileShape),
  tree: z.string().nullable(),
  friends: z.array(friendSet).readonly().default([]),
});

const elementName = z.string().min(5, 'must be the name of a storage element, as in VO::SITE::NAME').max(200);
const elementStatus = z.enum(['up', 'readonly', 'down']);
export const elementBody = z.object({
  name: elementName,
  prefix: z.string().max(1000).nullable().optional(),
  status: elementStatus.optional(),
  tags: z.array(z.string().max(100)).max(100).optional(),
});
export const elementNameBody = z.object({ name: elementName });
export const distanceBody = z.object({ from: z.string().min(1), to: z.string().min(1), value: z.number().min(0) });
export const elementsAnswer = z.object({
  elements: z.array(
    z.object({
      name: z.string(),
      site: z.string().nullable(),
      prefix: z.string().nullable(),
      status: elementStatus,
      tags: z.array(z.string()).readonly(),
    }),
  ),
  distances: z.array(z.object({ site: z.string(), other: z.string(), value: z.number() })),
});
export const backupBody = z.object({ file: z.string().min(1).max(4000) });
export const backupAnswer = z.object({ file: z.string(), pages: z.number().int() });
export const checkAnswer = z.object({ isSound: z.boolean(), problems: z.array(z.string()).readonly() });
export const importBody = z.object({ lines: z.array(z.string()).max(MAX_BATCH) });
export const importAnswer = z.object({ imported: z.number().int() });
export const usageAnswer = z.object({
  path: z.string(),
  files: z.number().int(),
  directories: z.number().int(),
  size: z.number(),
});

export const infoAnswer = z.object({
  name: z.literal('proof-catalog'),
  version: z.string(),
  api: z.literal(API_VERSION),
  auth: z.enum(['development', 'token']),
});
export const errorAnswer = z.object({ code: z.string(), message: z.string() });
