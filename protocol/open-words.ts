/**
 * Answers of servers of later releases, for those who show them: where this release knows some words (the states of a job, say), any other word is
 * taken as it stands. Who decides by a word meets, by its type, one that it does not know.
 */
import { z } from 'zod';

/** A word that this release may not know. */
type AnyWord = string & Record<never, never>;
type OpenWord<T extends string> = string extends T ? T : T | AnyWord;

export type Opened<T> = T extends string
  ? OpenWord<T>
  : T extends Uint8Array
    ? T
    : T extends readonly (infer E)[]
      ? Opened<E>[]
      : T extends object
        ? { [K in keyof T]: Opened<T[K]> }
        : T;

const WORD = z.string().max(200);
const known = new WeakMap<object, z.ZodType>();

/** The same shape, in which every list of words is open. Unions of messages stay as they are: which of those a peer sends is settled by versions. */
export function openWords<T>(schema: z.ZodType<T>): z.ZodType<Opened<T>> {
  const opened = known.get(schema) ?? open(schema);
  known.set(schema, opened);
  return opened as z.ZodType<Opened<T>>;
}

function open(schema: unknown): z.ZodType {
  if (schema instanceof z.ZodEnum) return WORD;
  if (schema instanceof z.ZodArray) return z.array(open(schema.element));
  if (schema instanceof z.ZodNullable) return open(schema.unwrap()).nullable();
  if (schema instanceof z.ZodOptional) return open(schema.unwrap()).optional();
  if (schema instanceof z.ZodDefault) return open(schema.def.innerType).default(schema.def.defaultValue);
  if (schema instanceof z.ZodRecord) return z.record(z.string(), open(schema.def.valueType));
  if (schema instanceof z.ZodObject)
    return z.object(Object.fromEntries(Object.entries(schema.shape).map(([key, part]) => [key, open(part)])));
  return schema as z.ZodType;
}
