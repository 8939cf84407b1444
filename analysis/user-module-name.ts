/**
 * How a bundle names the installation that it runs in. load-program.ts puts the running one's URL in its place; the name is odd so
 * that no text of a user's own can be taken for it.
 */
export const INSTALLATION = 'proof-grid:of-the-running-installation';
