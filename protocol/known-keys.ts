/** Which keys an object of a schema takes, and what to say of one that it does not take. */
import { z } from 'zod';
import { choice } from './choice.js';
import { didYouMean } from './nearest.js';
import { shownPath } from './shown-value.js';

/** What may stand at one place. Where a key (`teller`, as `type`) tells kinds of objects apart, those of another kind are `others`. */
interface Place {
  readonly taken: readonly z.ZodType[];
  readonly others: readonly z.ZodObject[];
  readonly teller: string | undefined;
}

/** `unknown key sites.0.mim. Did you mean min? Known for type local: …`; of a key that other kinds take, it says which ones. */
export function unknownKey(schema: z.ZodType, path: readonly PropertyKey[], key: string, whole: unknown): string {
  const { taken, others, teller = '' } = placeAt(schema, path, whole);
  const objects = taken.filter((one) => one instanceof z.ZodObject);
  const known = [...new Set(objects.flatMap((object) => Object.keys(object.shape)))];
  const kind = [...new Set(objects.flatMap((object) => kindsOf(object, teller)))];
  const elsewhere = others.filter((object) => Object.hasOwn(object.shape, key)).flatMap((one) => kindsOf(one, teller));
  const list = typeof path.at(-1) === 'number' ? `${String(path.at(-2) ?? 'entries')} of ` : '';
  const why = elsewhere.length === 0 ? '' : `, which is a key of ${list}${teller} ${choice(elsewhere)}`;
  const where = kind.length === 0 ? 'here' : `for ${teller} ${choice(kind)}`;
  const keys = known.length === 0 ? '' : ` Known ${where}: ${known.join(', ')}.`;
  return `unknown key ${shownPath([...path, key])}${why}.${didYouMean(key, known)}${keys}`;
}

function placeAt(schema: z.ZodType, path: readonly PropertyKey[], whole: unknown): Place {
  let value = whole;
  let place = placeOf([schema], value);
  for (const step of path) {
    value = (value as Record<PropertyKey, unknown> | null | undefined)?.[step];
    place = placeOf(
      place.taken.flatMap((one) => below(one, step)),
      value,
    );
  }
  return place;
}

function placeOf(schemas: readonly z.ZodType[], value: unknown): Place {
  const taken: z.ZodType[] = [];
  const others: z.ZodObject[] = [];
  let teller: string | undefined;
  for (const schema of schemas.map(unwrap)) {
    if (schema instanceof z.ZodDiscriminatedUnion) {
      teller = schema.def.discriminator;
      const told = String((value as Record<string, unknown> | null | undefined)?.[teller]);
      for (const option of schema.options as readonly z.ZodObject[])
        (kindsOf(option, teller).includes(told) ? taken : others).push(option);
    } else if (schema instanceof z.ZodUnion)
      taken.push(...placeOf(schema.options as readonly z.ZodType[], value).taken);
    else taken.push(schema);
  }
  return { taken, others, teller };
}

/** The values of the telling key that make an object of this kind. */
function kindsOf(object: z.ZodObject, teller: string): string[] {
  const told: unknown = object.shape[teller];
  return told instanceof z.ZodLiteral ? [...told.values].map(String) : [];
}

function unwrap(schema: z.ZodType): z.ZodType {
  const wraps =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly;
  return wraps ? unwrap(schema.unwrap() as z.ZodType) : schema;
}

function below(schema: z.ZodType, step: PropertyKey): z.ZodType[] {
  const found: unknown =
    schema instanceof z.ZodArray
      ? schema.element
      : schema instanceof z.ZodObject
        ? schema.shape[String(step)]
        : schema instanceof z.ZodRecord
          ? schema.valueType
          : undefined;
  return found instanceof z.ZodType ? [found] : [];
}
