/** Kind of site -> its implementation: the one place that knows them all. */
import type { SiteConfig } from '../config.js';
import { LocalSite } from './local.js';
import type { Site, SiteContext } from './site.js';

const MAKERS: Record<SiteConfig['type'], (config: SiteConfig, context: SiteContext) => Site> = {
  local: (config, context) => new LocalSite(config, context),
};

export function makeSite(config: SiteConfig, context: SiteContext): Site {
  return MAKERS[config.type](config, context);
}
