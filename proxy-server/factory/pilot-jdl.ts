/**
 * The pilot's job description: what is handed to a site, n times alike. Written in AliEn's language, as the pilots of the original
 * prototype were; each kind of site reads it and makes of it what its batch system wants. No secret is ever in it.
 */
import { PACKAGE_VERSION } from '../../protocol/version.js';
import type { SiteConfig } from '../config.js';

export const PILOT_EXECUTABLE = 'proof-agent';

export function pilotJdl(site: SiteConfig, server: { name: string }): string {
  const lines = [
    `# Pilot of site ${site.name}, made by the factory of ProxyServer ${server.name}.`,
    `Executable = "${PILOT_EXECUTABLE}";`,
    `Packages = { "VO_PROOF@proof-grid::${PACKAGE_VERSION}", "VO_PROOF@nodejs::${process.version}" };`,
    'JobTag = { "comment: Pilot job to start Proof Workers" };',
    `InputFile = { "LF:/proof/pilots/${site.name}/agent.json" };`,
    `TTL = ${site.ttlS};`,
    `CPUCores = ${site.cores};`,
    ...(site.wholeNode ? ['WholeNodes = true;'] : []),
    `MemorySize = "${Math.max(1, Math.ceil(site.minMemoryBytes / 1_000_000))}MB";`,
    `WorkDirectorySize = "${Math.max(1, Math.ceil(site.minDiskBytes / 1_000_000))}MB";`,
    `Requirements = other.TTL > ${site.drainBeforeEndS};`,
  ];
  return `${lines.join('\n')}\n`;
}
