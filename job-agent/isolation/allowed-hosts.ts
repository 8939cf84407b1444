/** Which hosts a worker without network reaches, by patterns `host`, `host:port`, `*.domain`, `*.domain:port`. Pure. */
export function isAllowedHost(host: string, port: number, allowed: readonly string[]): boolean {
  const name = host.toLowerCase();
  return (
    Number.isInteger(port) &&
    port > 0 &&
    port < 65_536 &&
    allowed.some((pattern) => {
      const [, wanted = '', wantedPort] = /^\[?(.+?)\]?(?::(\d+))?$/.exec(pattern.toLowerCase()) ?? [];
      if (wantedPort !== undefined && Number(wantedPort) !== port) return false;
      return wanted.startsWith('*.')
        ? name.endsWith(wanted.slice(1)) && name.length > wanted.length - 1
        : name === wanted;
    })
  );
}

/** The one host that must always be reached. */
export function hostOfServer(server: string): string {
  const { hostname, port, protocol } = new URL(server);
  return `${hostname.replace(/^\[|\]$/g, '')}:${port || (protocol === 'https:' ? 443 : 80)}`;
}
