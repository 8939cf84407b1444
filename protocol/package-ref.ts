/** How messages name a package (PAR). */
import { z } from 'zod';
import { sha256Text } from './ids.js';

export const packageName = z
  .string()
  .max(64)
  .regex(/^[A-Za-z0-9][\w.-]*$/, 'must be letters, digits and . _ -, at most 64');
export const packageRef = z.object({ name: packageName, sha256: sha256Text });
export type PackageRef = z.infer<typeof packageRef>;
