/** What is wrong with a request before anybody has looked at its fields: the HTTP library's refusals in our words. Pure. */

/** The parsers of paths and queries would take such bytes for the text of their escapes. */
export const BAD_ADDRESS = 'The address of the call has escapes that are no UTF-8.';

/** By the library's code. */
const PROBLEMS: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'Bad body: it is no JSON.',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'Bad body: it is empty, and its content type says JSON.',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'Bad body: its content type must be application/json.',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'Bad body: it has another length than its header says.',
  FST_ERR_CTP_BODY_TOO_LARGE: 'Bad body: it is too large.',
  FST_ERR_BAD_URL: BAD_ADDRESS,
  FST_ERR_MAX_PARAM_LENGTH: 'A part of the address of the call is too long.',
};

/** `Bad body: it is no JSON.`; undefined for an error of another kind */
export const requestProblem = (error: unknown): string | undefined => PROBLEMS[(error as { code?: string }).code ?? ''];
