/** What a query's state means to who looks at it. Pure. */
import { FINAL_QUERY_STATES, type QueryState } from '../../../protocol/ids.js';

export function queryKind(state: QueryState): 'good' | 'bad' | 'busy' | 'over' {
  if (!FINAL_QUERY_STATES.includes(state)) return 'busy';
  return state === 'completed' ? 'good' : state === 'stopped' ? 'over' : 'bad';
}
