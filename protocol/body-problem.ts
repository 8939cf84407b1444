/** What is wrong with a request before anybody has looked at its fields: the HTTP library's refusals in our words. Pure. */

/** By the library's code. */
const PROBLEMS: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'it is no JSON',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'it is empty, and its content type says JSON',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'its content type must be application/json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'it has another length than its header says',
  FST_ERR_CTP_BODY_TOO_LARGE: 'it is too large',
};

/** `Bad body: it is no JSON.`; undefined for an error of another kind */
export function bodyProblem(error: unknown): string | undefined {
  const problem = PROBLEMS[(error as { code?: string }).code ?? ''];
  return problem === undefined ? undefined : `Bad body: ${problem}.`;
}
