/** GET /v1/accounting?by=user&days=30 */
import { z } from 'zod';

export const accountingKey = z.enum(['user', 'slot', 'site', 'day']);
export type AccountingKey = z.infer<typeof accountingKey>;

/** Seconds of CPU time. A key '' stands for workers that serve no session. */
export const accountingRow = z.object({
  key: z.string(),
  interactiveSeconds: z.number(),
  batchSeconds: z.number(),
});
export type AccountingRow = z.infer<typeof accountingRow>;

export const accountingQuery = z.object({
  by: accountingKey.default('user'),
  days: z.coerce.number().int().min(1).max(36_500).default(30),
});
