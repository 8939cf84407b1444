/** A path below the job's directory: never out of it. */
import { z } from 'zod';

export const innerPath = z
  .string()
  .min(1)
  .max(1000)
  .refine((name) => !name.startsWith('/') && !name.includes('\0') && !name.split('/').includes('..'), {
    error: 'must stay in the directory of the job',
  });
