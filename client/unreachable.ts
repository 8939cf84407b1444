/** Why a server could not be reached, and the next step, by the code of the failed connection. */

const NOT_OUR_AUTHORITY =
  'Its certificate is of an authority that this computer does not know: name the PEM file of that one as `ca:` of this host in your configuration.';
const NAME_NOT_KNOWN = 'That name is not known: check HOST, or name it in your configuration under `hosts:`.';
const NO_TLS = 'It does not speak TLS there: check the port, or name it with http:// (on the loopback only).';

const STEPS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'No ProxyServer listens there: check the address, or start one with "proof proxy start".',
  ENOTFOUND: NAME_NOT_KNOWN,
  EAI_AGAIN: NAME_NOT_KNOWN,
  SELF_SIGNED_CERT_IN_CHAIN: NOT_OUR_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: NOT_OUR_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: NOT_OUR_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NOT_OUR_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: NOT_OUR_AUTHORITY,
  ERR_TLS_CERT_ALTNAME_INVALID: 'Its certificate is for other names: use one of those, or have it made anew.',
  CERT_HAS_EXPIRED: 'Its certificate has expired: its administrators must renew it.',
  EPROTO: NO_TLS,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
};

/** @param url where it should have been */
export function whyUnreachable(code: string | undefined, message: string, url: string): string {
  const known = STEPS[code ?? ''];
  if (known !== undefined) return known;
  if (code === 'ECONNRESET' && url.startsWith('http:'))
    return `It hung up. If it speaks TLS, name it as ${url.replace('http:', 'https:')}.`;
  return `${message}.`;
}
