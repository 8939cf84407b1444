/**
 * The schema, version by version. A migration is never changed once released: later ones build on it.
 *
 * Why it looks so: a directory row holds its name and parent only, so renaming one is one row whatever lies below. Directory
 * names end in `/`, so that names sorted within a directory are in the bytewise order of whole paths. Directories and files lie
 * in the order of (place, name), files with their first replica in the row: a name is found with its replica in one descent of
 * one tree, the files of a directory are neighbours, and a list that comes directory by directory is appended.
 * A URL that ends in the logical name, as most do, is stored as what comes before it; else URLs are trees of parts like names,
 * because replicas of one directory share all but the last part.
 */
export const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE); -- users, groups, tree names: stored once
CREATE TABLE directory (
  id INTEGER PRIMARY KEY, parent INTEGER REFERENCES directory (id), name TEXT NOT NULL,
  owner INTEGER NOT NULL REFERENCES word (id), grp INTEGER NOT NULL REFERENCES word (id), mode INTEGER NOT NULL,
  created INTEGER NOT NULL, modified INTEGER);
CREATE UNIQUE INDEX directory_by_name ON directory (parent, name);
CREATE TABLE removed_directory ( -- moved out of the tree at once, deleted below little by little
  dir INTEGER PRIMARY KEY REFERENCES directory (id) ON DELETE CASCADE, path TEXT NOT NULL);
CREATE TABLE file (
  id INTEGER PRIMARY KEY, dir INTEGER NOT NULL REFERENCES directory (id), name TEXT NOT NULL,
  kind INTEGER NOT NULL, -- 0 file, 1 collection, 2 member of an archive
  size INTEGER, checksum BLOB, guid BLOB,
  owner INTEGER NOT NULL REFERENCES word (id), grp INTEGER NOT NULL REFERENCES word (id), mode INTEGER NOT NULL,
  created INTEGER NOT NULL, modified INTEGER, entries INTEGER, tree INTEGER REFERENCES word (id));
CREATE UNIQUE INDEX file_by_name ON file (dir, name);
CREATE TABLE storage_element (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, site TEXT, prefix TEXT, status TEXT NOT NULL DEFAULT 'up',
  tags TEXT NOT NULL DEFAULT '[]');
CREATE TABLE distance (site TEXT NOT NULL, other TEXT NOT NULL, value REAL NOT NULL, PRIMARY KEY (site, other)) WITHOUT ROWID;
CREATE TABLE url_part (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES url_part (id), name TEXT NOT NULL);
INSERT INTO url_part VALUES (0, NULL, '');
CREATE UNIQUE INDEX url_part_by_name ON url_part (parent, name);
CREATE TABLE replica (
  file INTEGER NOT NULL REFERENCES file (id) ON DELETE CASCADE, part INTEGER NOT NULL REFERENCES url_part (id),
  name TEXT NOT NULL, -- last part of the URL; '' where it is the file's own name
  se INTEGER REFERENCES storage_element (id), status INTEGER NOT NULL DEFAULT 0, -- 0 good, 1 bad
  PRIMARY KEY (file, part, name)) WITHOUT ROWID;
CREATE TABLE archive_member (
  file INTEGER PRIMARY KEY REFERENCES file (id) ON DELETE CASCADE,
  archive INTEGER NOT NULL REFERENCES file (id), member TEXT NOT NULL);
CREATE INDEX archive_member_by_archive ON archive_member (archive);
CREATE TABLE tag (
  dir INTEGER NOT NULL REFERENCES directory (id) ON DELETE CASCADE, name TEXT NOT NULL, type TEXT NOT NULL,
  PRIMARY KEY (dir, name)) WITHOUT ROWID;
CREATE TABLE tag_value (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, value NOT NULL,
  dir INTEGER REFERENCES directory (id) ON DELETE CASCADE, file INTEGER REFERENCES file (id) ON DELETE CASCADE,
  CHECK ((dir IS NULL) <> (file IS NULL)));
CREATE INDEX tag_value_by_value ON tag_value (name, value, dir, file);
CREATE UNIQUE INDEX tag_value_of_directory ON tag_value (dir, name) WHERE dir IS NOT NULL;
CREATE UNIQUE INDEX tag_value_of_file ON tag_value (file, name) WHERE file IS NOT NULL;
CREATE TABLE collection_version (
  id INTEGER PRIMARY KEY, file INTEGER NOT NULL REFERENCES file (id) ON DELETE CASCADE, version INTEGER NOT NULL,
  tree INTEGER REFERENCES word (id), access TEXT NOT NULL DEFAULT 'any', comment TEXT NOT NULL DEFAULT '',
  created INTEGER NOT NULL, frozen INTEGER, UNIQUE (file, version));
CREATE TABLE collection_member (
  version INTEGER NOT NULL REFERENCES collection_version (id) ON DELETE CASCADE, position INTEGER NOT NULL,
  file INTEGER REFERENCES file (id), -- a file or another collection; null where the text stands for it
  text TEXT, -- a URL, or the name of a file that was removed since
  tree INTEGER REFERENCES word (id), entries INTEGER, size INTEGER, state TEXT,
  PRIMARY KEY (version, position)) WITHOUT ROWID;
CREATE INDEX collection_member_by_file ON collection_member (file) WHERE file IS NOT NULL;
CREATE TABLE bulk (name TEXT PRIMARY KEY, lines INTEGER NOT NULL, changed INTEGER NOT NULL) WITHOUT ROWID;
`,
  `
CREATE TABLE new_directory (
  parent INTEGER NOT NULL, -- 0: of the root and of what is being removed
  name TEXT NOT NULL, id INTEGER NOT NULL UNIQUE,
  owner INTEGER NOT NULL REFERENCES word (id), grp INTEGER NOT NULL REFERENCES word (id), mode INTEGER NOT NULL,
  created INTEGER NOT NULL, modified INTEGER,
  tagged INTEGER NOT NULL DEFAULT 0, -- 1: it has, or has had, tags of its own
  former TEXT, -- path that the URLs of its files have, where it was renamed since
  PRIMARY KEY (parent, name)) WITHOUT ROWID;
INSERT INTO new_directory SELECT coalesce(parent, 0), name, id, owner, grp, mode, created, modified,
  EXISTS (SELECT 1 FROM tag_value WHERE dir = directory.id), NULL FROM directory ORDER BY parent, name;
DROP TABLE directory;
ALTER TABLE new_directory RENAME TO directory;
CREATE TABLE new_file (
  dir INTEGER NOT NULL REFERENCES directory (id), name TEXT NOT NULL, id INTEGER NOT NULL UNIQUE,
  kind INTEGER NOT NULL, -- 0 file, 1 collection, 2 member of an archive
  size INTEGER, checksum BLOB, guid BLOB,
  owner INTEGER NOT NULL REFERENCES word (id), grp INTEGER NOT NULL REFERENCES word (id), mode INTEGER NOT NULL,
  created INTEGER NOT NULL, modified INTEGER, entries INTEGER, tree INTEGER REFERENCES word (id),
  part INTEGER REFERENCES url_part (id), last TEXT NOT NULL DEFAULT '', se INTEGER REFERENCES storage_element (id),
  bad INTEGER NOT NULL DEFAULT 0, -- its first replica, as in the table replica, which has the others. last = '/': part + path + name
  more INTEGER NOT NULL DEFAULT 0, -- 1: it has others
  PRIMARY KEY (dir, name)) WITHOUT ROWID;
INSERT INTO new_file SELECT f.dir, f.name, f.id, f.kind, f.size, f.checksum, f.guid, f.owner, f.grp, f.mode, f.created, f.modified,
  f.entries, f.tree, r.part, coalesce(r.name, ''), r.se, coalesce(r.status, 0),
  EXISTS (SELECT 1 FROM replica AS q WHERE q.file = f.id AND (q.part, q.name) > (r.part, r.name))
  FROM file AS f LEFT JOIN replica AS r ON r.file = f.id
    AND NOT EXISTS (SELECT 1 FROM replica AS q WHERE q.file = r.file AND (q.part, q.name) < (r.part, r.name))
  ORDER BY f.dir, f.name;
DELETE FROM replica WHERE EXISTS (SELECT 1 FROM new_file AS f WHERE f.id = replica.file
  AND f.part = replica.part AND f.last = replica.name);
DROP TABLE file;
ALTER TABLE new_file RENAME TO file;
INSERT INTO setting VALUES ('epoch', '1'); -- counts what makes others' caches untrue
`,
  `
ALTER TABLE collection_version ADD COLUMN friends TEXT; -- JSON, as protocol/entry-list.ts has it
ALTER TABLE collection_member ADD COLUMN selected TEXT; -- an entry list: JSON of its pairs; null: all entries
`,
];
