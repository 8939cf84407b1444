/** What a token lets its holder be; proxy-server/authorization.ts says what each may do. */
import { z } from 'zod';

export const role = z.enum(['user', 'operator', 'admin', 'agent']);
export type Role = z.infer<typeof role>;
